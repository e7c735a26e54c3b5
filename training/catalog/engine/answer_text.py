"""A stored answer in plain words."""

from training.catalog.engine.content import Question
from training.catalog.engine.grading import Answer
from training.catalog.engine.html_text import html_text


def answer_text(question: Question, answer: Answer) -> str:
    """Return an answer as a person would say it: the chosen options, what was typed, the pairs,
    the steps in the order they were put in, or how an alert was judged.
    """
    if "verdict" in answer:
        return _judgement(question, answer)
    if "text" in answer:
        return str(answer["text"])
    if "chosen" in answer:
        return "; ".join(html_text(question.options[index].html) for index in answer["chosen"])
    places = answer.get("places", [])
    if question.pairs:
        rights = [html_text(pair.right_html) for pair in question.pairs]
        lefts = [html_text(pair.left_html) for pair in question.pairs]
        pairs = zip(lefts, places, strict=False)
        return "; ".join(f"{left}: {rights[place]}" for left, place in pairs)
    steps = sorted(zip(places, question.items, strict=False), key=lambda pair: int(pair[0]))
    return "; ".join(html_text(item.html) for _, item in steps)


def _judgement(question: Question, answer: Answer) -> str:
    choices = (*question.case.reasons, *question.case.next_steps) if question.case else ()
    texts = {choice.id: choice.text for choice in choices}
    parts = [texts.get(answer[name], str(answer[name])) for name in ("reason", "next_step")]
    return "; ".join([str(answer["verdict"]), *parts, f"{answer['sure']} % sure"])
