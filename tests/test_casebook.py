"""Published projects beside the advice."""

from ragortune import recommend
from ragortune.casebook import find_nearest, measure_agreement
from ragortune.model import Option


def test_the_nearest_projects_share_answers_and_the_first_shares_most():
    advice = recommend(
        {
            "knowledge": {"gap": "most", "source": "documents", "size": "huge"},
            "grounding.citations": "required",
        }
    )
    nearest = find_nearest(advice)

    assert len(nearest) == 3
    assert len(nearest[0].shared) == 4
    assert all(near.shared for near in nearest)


def test_a_project_that_disagrees_is_shown_among_those_that_agree():
    advice = recommend(
        {
            "knowledge": {"gap": "most", "source": "documents", "size": "huge"},
            "grounding.citations": "required",
        }
    )

    assert [near.agrees for near in find_nearest(advice)].count(False) >= 1
    assert all(near.agrees == (advice.option in near.case.acceptable) for near in find_nearest(advice))


def test_shared_gates_count_before_shared_answers():
    profile = {
        "knowledge": {"gap": "most", "source": "documents", "size": "tiny"},
        "task.kind": "question_answering",
        "model.strength": "frontier",
    }
    nearest = find_nearest(recommend(profile))

    assert nearest[0].shared_gates == ("nothing-to-search",)


def test_projects_without_a_shared_answer_are_not_shown():
    assert find_nearest(recommend({})) == ()
    assert find_nearest(recommend({"knowledge.retrievability": "high"})) == ()


def test_agreement_adds_up(book):
    agreement = measure_agreement(book)

    assert agreement.total.total == len(book.cases)
    assert sum(tally.total for tally in agreement.by_outcome().values()) == len(book.cases)
    assert sum(tally.total for tally in agreement.by_evidence().values()) == len(book.cases)
    assert sum(agreement.confusion().values()) == len(book.cases)
    assert len(agreement.misses()) == agreement.total.total - agreement.total.strict
    assert agreement.total.lenient >= agreement.total.strict
    assert agreement.confusion()[Option.RAG, Option.RAG] == agreement.by_outcome()[Option.RAG].strict
