"""Questions as Moodle XML, which most learning platforms read. Texts are HTML. Cases of a lab are
left out; the number of a frame becomes a number.

Source of the format: Moodle documentation, "Moodle XML format".
"""

from decimal import Decimal
from xml.etree import ElementTree as ET

from training.catalog.engine.content import (
    ModuleContent,
    QuestionContent,
    QuestionType,
    all_questions,
    question_name,
)
from training.catalog.engine.markdown import plain_html

_KINDS = {
    QuestionType.SINGLE: "multichoice",
    QuestionType.MULTIPLE: "multichoice",
    QuestionType.NUMERIC: "numerical",
    QuestionType.PACKET: "numerical",
    QuestionType.SHORT: "shortanswer",
    QuestionType.MATCH: "matching",
    QuestionType.ORDER: "ordering",
}


def questions_to_moodle(modules: tuple[ModuleContent, ...]) -> tuple[str, int]:
    """Return a quiz with one category a lesson, and how many questions were left out."""
    quiz, category, left_out = ET.Element("quiz"), "", 0
    for module, lesson, question in all_questions(modules):
        if question.type not in _KINDS:
            left_out += 1
            continue
        path = f"$course$/top/{module.title.replace('/', '//')}/{lesson.title.replace('/', '//')}"
        if path != category:
            category = path
            entry = ET.SubElement(quiz, "question", type="category")
            _text(ET.SubElement(entry, "category"), category)
        _question(quiz, question_name(module, lesson, question), question)
    ET.indent(quiz)
    text = ET.tostring(quiz, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n', left_out


def _question(quiz: ET.Element, name: str, question: QuestionContent) -> None:
    entry = ET.SubElement(quiz, "question", type=_KINDS[question.type])
    _text(ET.SubElement(entry, "name"), name)
    _html(entry, "questiontext", question.prompt_html)
    _html(entry, "generalfeedback", question.feedback_html)
    ET.SubElement(entry, "defaultgrade").text = "1"
    ET.SubElement(entry, "idnumber").text = name
    if question.type in {QuestionType.SINGLE, QuestionType.MULTIPLE}:
        _choices(entry, question)
    elif question.type is QuestionType.MATCH:
        for pair in question.pairs:
            sub = _html(entry, "subquestion", pair.left_html)
            _text(ET.SubElement(sub, "answer"), pair.right)
    elif question.type is QuestionType.ORDER:
        for item in question.items:
            _answer(entry, item.html, Decimal(0), "", is_html=True)
    else:
        _typed(entry, question)


def _choices(entry: ET.Element, question: QuestionContent) -> None:
    is_single = question.type is QuestionType.SINGLE
    ET.SubElement(entry, "single").text = "true" if is_single else "false"
    ET.SubElement(entry, "shuffleanswers").text = "true" if question.is_shuffled else "false"
    right = sum(option.is_correct for option in question.options)
    wrong = max(len(question.options) - right, 1)
    penalty = Decimal(0) if is_single else Decimal(-100) / wrong
    for option in question.options:
        share = Decimal(100) / max(right, 1) if option.is_correct else penalty
        _answer(entry, option.html, share, option.feedback_html, is_html=True)


def _typed(entry: ET.Element, question: QuestionContent) -> None:
    is_number = question.type is not QuestionType.SHORT
    for accepted in question.accepted:
        answer = _answer(entry, accepted, Decimal(100), "")
        if is_number:
            ET.SubElement(answer, "tolerance").text = question.tolerance
    for option in question.options:
        answer = _answer(entry, option.typed, Decimal(0), option.feedback_html)
        if is_number:
            ET.SubElement(answer, "tolerance").text = "0"
    if not is_number:
        ET.SubElement(entry, "usecase").text = "0"


def _answer(
    entry: ET.Element, text: str, share: Decimal, feedback: str, *, is_html: bool = False
) -> ET.Element:
    fraction = str(round(share, 5).normalize().__format__("f"))
    answer = ET.SubElement(entry, "answer", fraction=fraction)
    if is_html:
        answer.set("format", "html")
        text = plain_html(text)
    _text(answer, text)
    if feedback:
        _html(answer, "feedback", feedback)
    return answer


def _html(parent: ET.Element, name: str, html: str) -> ET.Element:
    element = ET.SubElement(parent, name, format="html")
    _text(element, plain_html(html))
    return element


def _text(parent: ET.Element, text: str) -> None:
    ET.SubElement(parent, "text").text = text
