"""A class in parts: who is in which, and what comes of merging them."""

import json
import shutil
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from steered import RUN, batch_of

from autograder.batch import Shard, grade_all, merge, parse_shard, record_of, seed_to_resume
from autograder.batch.folder import alone_in
from autograder.errors import UsageError
from autograder.report import newest_reports, read_report

CLASS = {f"s{n:03}": str(n % 9) for n in range(12)}
RUN_7 = replace(RUN, key="key-7")  # of seed 7


@given(learner=st.text(), of=st.integers(1, 99))
def test_each_learner_is_in_exactly_one_shard(learner, of):
    assert sum(Shard(number=n, of=of).holds(learner) for n in range(1, of + 1)) == 1


def test_a_learner_s_shard_is_the_same_on_all_machines_and_days():
    held = {n: [one for one in CLASS if Shard(number=n, of=3).holds(one)] for n in (1, 2, 3)}
    assert held == {
        1: ["s000", "s001", "s002", "s003", "s008", "s010", "s011"],
        2: ["s009"],
        3: ["s004", "s005", "s006", "s007"],
    }


@pytest.mark.parametrize("text", ["0/4", "5/4", "4", "1/0", "a/b", "-1/4", "1/4/2", "1 / 4", "01/4"])
def test_what_is_no_shard_is_said(text):
    with pytest.raises(ValueError, match="is no shard: write 2/8 for the second of eight"):
        parse_shard(text)


def test_a_shard_reads_back():
    assert str(parse_shard("2/8")) == "2/8"


def grade_shard(place, number, says=CLASS, run=RUN):
    """Grade one of three shards of a class; gives its folder."""
    shard, folder = Shard(number=number, of=3), place / f"shard-{number}"
    whole = batch_of(place, says, run=run)
    mine = tuple(one for one in whole.candidates if shard.holds(one.learner))
    record = record_of(shard, run.key, whole.candidates)
    list(grade_all(replace(whole, candidates=mine, folder=folder, shard=record)))
    return folder


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    place = tmp_path_factory.mktemp("class")
    return [grade_shard(place, number, run=RUN_7) for number in (1, 2, 3)]


@pytest.fixture
def shards(graded, tmp_path):
    """The folders of all three shards, the test's own."""
    return [shutil.copytree(folder, tmp_path / folder.name) for folder in graded]


def reports(folder):
    """The reports of a folder, without what differs from run to run."""
    return {one: replace(read_report(path), generated_at="") for one, path in newest_reports(folder).items()}


def test_merged_shards_are_the_batch_of_the_whole_class(tmp_path, shards):
    done = merge(shards, tmp_path / "all")
    assert sorted(one.id for one in done) == sorted(CLASS)
    list(grade_all(batch_of(tmp_path, CLASS)))
    assert reports(tmp_path / "all") == reports(tmp_path / "out")
    pictures = {path.relative_to(tmp_path / "out") for path in (tmp_path / "out/pictures").rglob("*.png")}
    merged = {path.relative_to(tmp_path / "all") for path in (tmp_path / "all/pictures").rglob("*.png")}
    assert merged == pictures


def test_what_was_merged_need_not_be_graded_again(tmp_path, graded, shards):
    merge(shards, tmp_path / "all")
    assert seed_to_resume(tmp_path / "all") == 7
    before = (graded[0].parent / "count").read_text()
    again = batch_of(graded[0].parent, CLASS, run=RUN_7, resume=True)
    done = list(grade_all(replace(again, folder=tmp_path / "all")))
    assert [one.seconds for one in done] == [0.0] * len(CLASS)
    assert (graded[0].parent / "count").read_text() == before


def test_merging_again_changes_nothing(tmp_path, shards):
    merge(shards, tmp_path / "all")
    before = reports(tmp_path / "all")
    merge(shards, tmp_path / "all")
    assert reports(tmp_path / "all") == before


def test_what_can_not_be_merged_is_said(tmp_path, shards):
    one, two, three = shards
    again = shutil.copytree(one, tmp_path / "again")
    refused = partial(pytest.raises, UsageError)
    with refused(match="missing: shards 2/3, 3/3"):
        merge([one], tmp_path / "all")
    with refused(match=r"shard-1: shard 1/3 is named twice"):
        merge([one, again, two, three], tmp_path / "all")
    (tmp_path / "plain").mkdir()
    with refused(match=r"plain: is not the folder of a shard: it has no shard\.json"):
        merge([one, two, three, tmp_path / "plain"], tmp_path / "all")
    with refused(match=r"shard-2: is the folder of a shard"):
        merge([one, two, three], two)
    with alone_in(three), refused(match=r"shard-3: its batch still runs"):
        merge([one, two, three], tmp_path / "all")
    assert not (tmp_path / "all").exists()


def test_shards_that_were_graded_in_different_ways_are_not_merged(tmp_path, shards):
    shutil.rmtree(shards[2])
    grade_shard(tmp_path, 3, run=replace(RUN, key="other"))
    with pytest.raises(
        UsageError, match=r"shard-3: was graded in another way than .*shard-1: the eng"
    ) as info:
        merge(shards, tmp_path / "all")
    assert "Grade shard 3/3 again" in info.value.hint


def test_shards_of_different_classes_are_not_merged(tmp_path, shards):
    shutil.rmtree(shards[1])
    grade_shard(tmp_path, 2, says={"s009": "1"}, run=RUN_7)
    with pytest.raises(UsageError, match="shard-2: is shard 2/3 of another class than shard 1/3 in"):
        merge(shards, tmp_path / "all")


def test_an_unfinished_shard_is_not_merged(tmp_path, shards):
    (shards[0] / "reports/s008/1.json").unlink()
    report = shards[0] / "reports/s011/1.json"
    report.write_text(report.read_text().replace('"final": 2', '"final": 9'))
    with pytest.raises(UsageError, match="shard 1/3 is not finished; without a report: s008, s011") as info:
        merge(shards, tmp_path / "all")
    assert "--shard 1/3 -o" in info.value.hint
    assert "--resume" in info.value.hint


def test_a_folder_of_another_batch_takes_no_merge(tmp_path, shards):
    list(grade_all(batch_of(tmp_path, {"s009": "1"}, run=replace(RUN, key="other"))))
    with pytest.raises(UsageError, match="out: has the reports of another batch"):
        merge(shards, tmp_path / "out")


def test_a_shard_s_folder_takes_no_other_part(tmp_path, shards):
    with pytest.raises(UsageError, match="has the reports of shard 1/3, and this is the whole class"):
        list(grade_all(replace(batch_of(tmp_path, CLASS), folder=shards[0])))
    shutil.rmtree(shards[1])
    shards[0].rename(shards[1])
    with pytest.raises(UsageError, match="has the reports of shard 1/3, and this is shard 2/3"):
        grade_shard(tmp_path, 2)


def test_a_record_that_can_not_be_read_is_named(tmp_path, shards):
    (shards[0] / "shard.json").write_text(json.dumps({"shard": 1}))
    with pytest.raises(UsageError, match=r"shard\.json: can't be read"):
        merge(shards, tmp_path / "all")
