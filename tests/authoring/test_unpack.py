"""Taking a returned value apart is safe: another form is the student's fault, in words."""

import numpy as np
import pytest

from autograder.authoring import Handle, StudentFault, unpack


@pytest.mark.parametrize("result", [(1, 2), [1, 2]])
def test_a_tuple_and_a_list_are_taken_apart(result):
    out, cache = unpack(result, "out", "cache")
    assert (out, cache) == (1, 2)


@pytest.mark.parametrize(
    ("result", "says"),
    [
        (None, "The function returned None, expected 2 values: (out, cache)."),
        (3.0, "The function returned a float, expected 2 values"),
        (np.zeros(2), "The function returned an array of shape (2,), expected 2 values"),
        ({"out": 1, "cache": 2}, "The function returned a dict, expected 2 values"),
        (3, "The function returned an int, expected 2 values"),
        (Handle(id=1, kind="Net"), "The function returned an object of type Net, expected 2 values"),
        ("ab", "The function returned a str, expected 2 values"),
        ((1,), "The function returned 1 value, expected 2 values: (out, cache)."),
        ((1, 2, 3), "The function returned 3 values, expected 2"),
    ],
)
def test_another_form_is_the_student_s_fault(result, says):
    with pytest.raises(StudentFault) as fault:
        unpack(result, "out", "cache")
    assert says in fault.value.message
