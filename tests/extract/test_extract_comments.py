"""Comments that count: new ones, with words of their own, in code that is needed."""

import pytest
from extract_samples import GIVEN, notebook

from autograder.extract import comment_facts


def test_new_and_meaningful_comments_count():
    mine = notebook(
        """
        def f(x):
            # write here
            # the sum of all the pixels
            y = x
            y = y + 1  # shift by one pixel
            #####
            # shifted = y + offset
            shifted = y + offset
            return shifted
        """
    )
    facts = comment_facts(mine, GIVEN, ["f"])
    assert facts.comments == ("the sum of all the pixels", "shift by one pixel")
    assert (facts.statements, facts.commented, facts.copied) == (5, 2, 1)


@pytest.mark.parametrize(
    "code",
    [
        "if fast:\n    def f(x):\n        # shift by one pixel\n        return g(x)",
        "for n in (1, 2):\n    def f(x):\n        # shift by one pixel\n        return g(x)",
        "class Net:\n    def f(self, x):\n        # shift by one pixel\n        return g(x)\nf = Net().f",
        "def mine(x):\n    # shift by one pixel\n    return g(x)\nf = mine",
        "def helper(x):\n    # shift by one pixel\n    return g(x)\ndef f(x): return helper(x)",
    ],
)
def test_comments_count_wherever_the_code_stands(code):
    facts = comment_facts(notebook(code), GIVEN, ["f"])
    assert facts.comments == ("shift by one pixel",)
    assert (facts.commented, facts.coverage >= 0.25) == (1, True)


@pytest.mark.parametrize(
    ("comment", "familiar"),
    [
        ("the input is shifted by one pixel", 1.0),
        ("qzxv the kjhg", 1 / 3),
        ("eszycidpy opumzgdpa", 0.0),
        ("襽壠巆迉繈撐懰渓蒟", 0.0),
    ],
)
def test_the_share_of_words_that_a_comment_has_from_the_homework_or_common_speech(comment, familiar):
    given = notebook("def f(x):\n    # one pixel is shifted\n    pass")
    facts = comment_facts(notebook(f"def f(x):\n    # {comment}\n    return x"), given, ["f"])
    assert facts.comments == (comment,)
    assert facts.familiar == pytest.approx(familiar)


@pytest.mark.parametrize(
    ("comment", "counts"), [("按步长移动", True), ("填", False), ("shift it", False), ("сдвиг на шаг", True)]
)
def test_a_comment_in_a_script_without_cases_needs_fewer_letters(comment, counts):
    facts = comment_facts(notebook(f"def f(x):\n    # {comment}\n    return x"), GIVEN, ["f"])
    assert facts.comments == ((comment,) if counts else ())


def test_comments_in_code_that_nothing_needs_do_not_count():
    code = "def other(x):\n    # shift by one pixel\n    return x\ndef f(x):\n    return 2 * x"
    assert comment_facts(notebook(code), GIVEN, ["f"]).comments == ()


@pytest.mark.parametrize(
    ("comment", "code"),
    [
        ("this is a loop", "for i in range(3): pass"),
        ("loop over i from here", "for i in range(3): pass"),
        ("define the function", "def g(): pass"),
        ("now we compute the value of total", "total = 1"),
        ("the inner loop starts", "for i in range(3): pass"),
    ],
)
def test_a_comment_that_only_names_the_syntax_is_noise(comment, code):
    facts = comment_facts(notebook(f"def f(x):\n    # {comment}\n    {code}"), GIVEN, ["f"])
    assert (facts.comments, facts.empty, facts.commented) == ((), (comment,), 0)


@pytest.mark.parametrize(
    "comment",
    ["loop over the images", "(N, C, H, W) to (N, F, H/2, W/2)", "für jedes Bild", "output rows come first"],
)
def test_a_comment_with_a_word_of_its_own_is_not_noise(comment):
    facts = comment_facts(notebook(f"def f(x):\n    # {comment}\n    for i in x: pass"), GIVEN, ["f"])
    assert (facts.comments, facts.empty) == ((comment,), ())


def test_a_passage_of_the_releases_text_counts_as_copied():
    given = notebook('def f(x):\n    """Input:\n    - x: Input data of shape (N, C, H, W)\n    """')
    source = "def f(x):\n    # x: input data of shape (N, C, H, W)\n    y = x\n    # input data\n    return y"
    facts = comment_facts(notebook(source), given, ["f"])
    assert (facts.comments, facts.copied) == (("input data",), 1)


def test_the_release_itself_has_no_new_comments():
    facts = comment_facts(GIVEN, GIVEN, ["f"])
    assert (facts.comments, facts.coverage) == ((), 0.0)


def test_a_person_gets_the_code_with_its_new_comments_marked():
    mine = notebook(
        "import numpy as np",
        """
        # a helper
        def helper(x):
            return x  # as it was given, doubled


        def f(x):
            # the sum of all the pixels

            return helper(x)
        """,
    )
    helper, wanted = comment_facts(mine, GIVEN, ["f"]).passages
    assert (helper.where, helper.line, helper.marked) == ("cell 2", 2, (3,))
    assert helper.text == "def helper(x):\n    return x  # as it was given, doubled"
    assert (wanted.where, wanted.line, wanted.marked) == ("cell 2", 6, (7,))


def test_long_code_is_cut_with_its_marks():
    lines = [f"    x = x + {n}  # the shift of row number {n}" for n in range(2_000)]
    (passage,) = comment_facts(notebook("\n".join(["def f(x):", *lines])), GIVEN, ["f"]).passages
    assert (len(passage.text), passage.truncated) == (20_000, True)
    assert max(passage.marked) <= 1 + passage.text.count("\n")
