"""Reads a `::: question {#id type=single technique=T0858}` container into a question, and reports
what is wrong with it.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from markdown_it.token import Token

from training.catalog.engine.answers import READ_KEY
from training.catalog.engine.content import AnswerOption, Pair, QuestionContent, QuestionType
from training.catalog.engine.faults import Source
from training.catalog.engine.fields import SLUG
from training.catalog.engine.markdown import Renderer, blocks_of, first_lines

_HEAD = re.compile(r"\s*question\s*(\{(.*)\})?\s*$")
_ATTRIBUTE = re.compile(r'#(?P<id>\S+)|(?P<name>[\w-]+)=(?:"(?P<quoted>[^"]*)"|(?P<value>\S*))|\S+')
_NAMES = frozenset({"type", "technique", "pcap", "lab", "shuffle", "minor"})


def read_head(source: Source, info: str, line: int) -> QuestionContent | None:
    """Return a question that has a head only; None where the head is wrong."""
    match = _HEAD.match(info)
    if not match or match[2] is None:
        text = "Write ::: question {#id type=single}."
        source.fault(line, source.indent(line), "QUESTION-HEAD", text)
        return None
    question_id, attributes = _read_attributes(source, match[2], line)
    kind = attributes.get("type", "")
    if not SLUG.fullmatch(question_id):
        text = "A question needs an id of small letters, digits and hyphens: {#first-step}."
        source.fault_at((line, line), "{", "QUESTION-HEAD", text)
        return None
    if kind not in set(QuestionType):
        names = ", ".join(QuestionType)
        place = f"type={kind}" if "type" in attributes else "{"
        text = f"The type of a question is one of: {names}."
        source.fault_at((line, line), place, "QUESTION-TYPE", text)
        return None
    techniques = attributes.get("technique", "")
    return QuestionContent(
        id=question_id,
        type=QuestionType(kind),
        prompt="",
        prompt_html="",
        techniques=tuple(techniques.split(",")) if techniques else (),
        capture=attributes.get("pcap", ""),
        lab=attributes.get("lab", ""),
        is_shuffled=attributes.get("shuffle") != "no",
        is_minor_edit=attributes.get("minor") == "true",
    )


def _read_attributes(source: Source, text: str, line: int) -> tuple[str, dict[str, str]]:
    offset = source.lines[line - 1].find("{") + 2
    question_id, attributes = "", {}
    for match in _ATTRIBUTE.finditer(text):
        column, name = offset + match.start(), match["name"]
        if match["id"]:
            question_id = match["id"]
        elif name is None or name not in _NAMES:
            names = ", ".join(sorted(_NAMES))
            text = f"`{match[0]}` is not one of: #id, {names}."
            source.fault(line, column, "QUESTION-ATTRIBUTE", text)
        elif name in attributes:
            source.fault(line, column, "QUESTION-ATTRIBUTE", f"`{name}` is given twice.")
        else:
            attributes[name] = match["quoted"] if match["value"] is None else match["value"]
    return question_id, attributes


_BOX = re.compile(r"\[([ xX])\](?: |$)")


@dataclass(slots=True)
class _Draft:
    """What is found in a container, before it is judged."""

    prompt: list[Token] = field(default_factory=list)
    options: list[tuple[AnswerOption, int]] = field(default_factory=list)
    key: str | None = None
    key_line: int = 0
    table: list[Token] = field(default_factory=list)
    items: list[tuple[AnswerOption, int]] = field(default_factory=list)
    feedback: list[Token] = field(default_factory=list)


class QuestionReader:
    """Reads the questions of one file."""

    def __init__(self, source: Source, renderer: Renderer) -> None:
        """Faults go to the source's report, HTML comes from the renderer."""
        self._source, self._renderer = source, renderer

    def read(self, tokens: Sequence[Token]) -> QuestionContent | None:
        """Return the question of a container, from its opening to its closing token; None where
        its head is wrong.
        """
        line = first_lines(tokens[0])[0]
        head = read_head(self._source, tokens[0].info, line)
        if head is None:
            return None
        draft = self._sort(tokens[1:-1], head.type)
        question = replace(
            head,
            prompt="\n".join(token.content for token in draft.prompt if token.content).strip(),
            prompt_html=self._renderer.render(draft.prompt),
            options=tuple(option for option, _ in draft.options),
            feedback_html=self._renderer.render(draft.feedback),
            feedback=_markdown(draft.feedback),
        )
        if not question.prompt:
            self._source.fault(line, 1, "NO-PROMPT", "The question asks nothing.")
        return _JUDGES[head.type](self, question, draft, line)

    # The body: prompt, then options, a key, a table or a list

    def _sort(self, tokens: Sequence[Token], kind: QuestionType) -> _Draft:
        draft = _Draft()
        for block in blocks_of(tokens):
            first = block[0]
            if first.type == "bullet_list_open" and self._has_boxes(block):
                draft.options += self._read_items(block, boxes=True)
            elif first.type == "ordered_list_open" and kind is QuestionType.ORDER:
                draft.items += self._read_items(block, boxes=False)
            elif first.type == "table_open" and kind is QuestionType.MATCH and not draft.table:
                draft.table = block
            elif first.type == "paragraph_open" and "\n= " in f"\n{block[1].content}":
                self._read_key(draft, block)
            elif first.type == "blockquote_open" and self._is_answered(draft):
                draft.feedback += block[1:-1]
            elif self._is_answered(draft):
                text = "Only feedback (> …) may follow the answers: move this before them."
                self._source.fault(*self._place(block), "AFTER-ANSWERS", text)
            else:
                draft.prompt += block
        return draft

    @staticmethod
    def _is_answered(draft: _Draft) -> bool:
        return bool(draft.options or draft.key is not None or draft.table or draft.items)

    def _place(self, block: Sequence[Token]) -> tuple[int, int]:
        line = first_lines(block[0])[0]
        return line, self._source.indent(line)

    @staticmethod
    def _has_boxes(block: Sequence[Token]) -> bool:
        return any(
            token.type == "inline" and _BOX.match(token.content) is not None for token in block
        )

    def _read_items(self, block: Sequence[Token], *, boxes: bool) -> list[tuple[AnswerOption, int]]:
        options = []
        for item in blocks_of(block[1:-1]):
            line = first_lines(item[0])[0]
            inside = list(blocks_of(item[1:-1]))
            feedback = [part for part in inside if part[0].type == "blockquote_open"]
            body = [token for part in inside if part not in feedback for token in part]
            is_correct = True
            first = next((token for token in body if token.type == "inline"), None)
            if boxes:
                box = _BOX.match(first.content) if first else None
                if first is None or box is None or not first.children:
                    text = "Begin every option with - [ ] or - [x]."
                    self._source.fault(line, self._source.indent(line), "NO-BOX", text)
                    continue
                is_correct = box[1] != " "
                first.content = first.content[4:]
                first.children[0].content = first.children[0].content[4:]
            option = AnswerOption(
                text="\n".join(token.content for token in body if token.content).strip(),
                html=self._renderer.render(body),
                is_correct=is_correct,
                feedback_html="".join(self._renderer.render(part[1:-1]) for part in feedback),
                feedback="\n\n".join(_markdown(part) for part in feedback),
            )
            options.append((option, line))
        return options

    def _read_key(self, draft: _Draft, block: Sequence[Token]) -> None:
        line, lines = first_lines(block[0])[0], block[1].content.split("\n")
        at = next(number for number, text in enumerate(lines) if text.startswith("= "))
        column = self._source.indent(line + at)
        if draft.key is not None:
            self._source.fault(line + at, column, "BAD-KEY", "There is a key already.")
        elif at or len(lines) > 1:
            text = "The key is one line with an empty line before it."
            self._source.fault(line + at, column, "BAD-KEY", text)
        draft.key, draft.key_line = lines[at][2:].strip(), line + at

    # Judging: what each type needs

    def _fault(self, line: int, code: str, text: str) -> None:
        self._source.fault(line, self._source.indent(line), code, text)

    def _judge_options(self, question: QuestionContent, draft: _Draft) -> None:
        texts: set[str] = set()
        for option, line in draft.options:
            if not option.feedback_html:
                text = "Say below the option, after >, why it is right or wrong."
                self._fault(line, "NO-FEEDBACK", text)
            if not option.text:
                self._fault(line, "EMPTY-OPTION", "The option says nothing.")
            elif option.text in texts:
                self._fault(line, "DUPLICATE-OPTION", "This option stands here twice.")
            texts.add(option.text)

    def _judge_no_key(self, question: QuestionContent, draft: _Draft) -> None:
        if draft.key is not None:
            text = f"A question of the type {question.type} has no key (= …)."
            self._fault(draft.key_line, "NO-KEY-HERE", text)

    def _judge_no_options(self, question: QuestionContent, draft: _Draft) -> None:
        for _, line in draft.options:
            text = f"A question of the type {question.type} has no options."
            self._fault(line, "NO-OPTIONS-HERE", text)

    def _judge_feedback(self, draft: _Draft, line: int) -> None:
        if not draft.feedback:
            text = "Say after the answer, in a line with >, why it is right."
            self._fault(line, "NO-FEEDBACK", text)

    def _choice(self, question: QuestionContent, draft: _Draft, line: int) -> QuestionContent:
        self._judge_options(question, draft)
        self._judge_no_key(question, draft)
        correct = sum(option.is_correct for option in question.options)
        if len(question.options) < 2:
            self._fault(line, "FEW-OPTIONS", "Offer at least two options.")
        elif question.type is QuestionType.SINGLE and correct != 1:
            text = f"{correct} options are right; a single question has exactly one."
            self._fault(line, "CORRECT-COUNT", text)
        elif question.type is QuestionType.MULTIPLE and not correct:
            self._fault(line, "CORRECT-COUNT", "No option is right.")
        return question

    def _with_key(self, question: QuestionContent, draft: _Draft, line: int) -> QuestionContent:
        self._judge_options(question, draft)
        if draft.key is None:
            example = {"numeric": "= 502", "short": "= S7comm | S7", "packet": "= frame 17"}
            self._fault(line, "NO-KEY", f"Give the right answer: {example[question.type]}.")
            return question
        self._judge_feedback(draft, draft.key_line)
        try:
            accepted, tolerance = READ_KEY[question.type](draft.key)
        except ValueError as error:
            self._fault(draft.key_line, "BAD-KEY", f"{error}")
            return question
        for option, option_line in draft.options:
            self._judge_wrong_answer(question.type, option, option_line, accepted)
        return replace(question, accepted=accepted, tolerance=tolerance)

    def _judge_wrong_answer(
        self, kind: QuestionType, option: AnswerOption, line: int, accepted: tuple[str, ...]
    ) -> None:
        text = option.text.strip("`")
        try:
            values, _ = READ_KEY[kind](text)
        except ValueError as error:
            self._fault(line, "BAD-WRONG-ANSWER", f"{error}")
            return
        folded = {value.casefold() for value in accepted}
        if option.is_correct or any(value.casefold() in folded for value in values):
            self._fault(line, "BAD-WRONG-ANSWER", "This answer is right: the key says so.")

    def _match(self, question: QuestionContent, draft: _Draft, line: int) -> QuestionContent:
        self._judge_no_key(question, draft)
        self._judge_no_options(question, draft)
        if not draft.table:
            self._fault(line, "NO-TABLE", "A match question needs a table of two columns.")
            return question
        table_line = first_lines(draft.table[0])[0]
        self._judge_feedback(draft, table_line)
        rows = _cells(draft.table)
        if len(rows[0]) != 2 or len(rows) < 3:
            text = "The table needs two columns, a heading and at least two rows."
            self._fault(table_line, "BAD-TABLE", text)
            return question
        pairs: list[Pair] = []
        for row in rows[1:]:
            left, right = row
            row_line = first_lines(left)[0]
            if not left.content or not right.content:
                self._fault(row_line, "BAD-TABLE", "A cell of this row is empty.")
            elif left.content in {pair.left for pair in pairs}:
                self._fault(row_line, "BAD-TABLE", f"“{left.content}” stands at the left twice.")
            render = self._renderer.render_inline
            pairs.append(Pair(left.content, render(left), right.content, render(right)))
        headings = tuple(self._renderer.render_inline(cell) for cell in rows[0])
        return replace(question, pairs=tuple(pairs), headings=headings)

    def _order(self, question: QuestionContent, draft: _Draft, line: int) -> QuestionContent:
        self._judge_no_key(question, draft)
        self._judge_no_options(question, draft)
        if len(draft.items) < 3:
            text = "An order question needs a numbered list of at least three steps."
            self._fault(draft.items[0][1] if draft.items else line, "NO-LIST", text)
            return question
        self._judge_feedback(draft, draft.items[0][1])
        texts: set[str] = set()
        for item, item_line in draft.items:
            if item.text in texts:
                self._fault(item_line, "DUPLICATE-OPTION", "This step stands here twice.")
            texts.add(item.text)
        return replace(question, items=tuple(item for item, _ in draft.items))

    def _triage(self, question: QuestionContent, draft: _Draft, line: int) -> QuestionContent:
        self._judge_no_options(question, draft)
        lab = question.lab or (draft.key or "").removeprefix("lab ").strip()
        if not SLUG.fullmatch(lab):
            self._fault(
                line, "NO-LAB", "Name the lab: ::: question {#id type=triage lab=stop-plc}."
            )
        return replace(question, lab=lab)


def _markdown(tokens: Sequence[Token]) -> str:
    return "\n\n".join(token.content for token in tokens if token.content).strip()


def _cells(table: Sequence[Token]) -> list[list[Token]]:
    rows: list[list[Token]] = []
    for token in table:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append(token)
            token.map = token.map or table[0].map
    return rows


_JUDGES: dict[
    QuestionType, Callable[[QuestionReader, QuestionContent, _Draft, int], QuestionContent]
] = {
    QuestionType.SINGLE: QuestionReader._choice,
    QuestionType.MULTIPLE: QuestionReader._choice,
    QuestionType.NUMERIC: QuestionReader._with_key,
    QuestionType.SHORT: QuestionReader._with_key,
    QuestionType.PACKET: QuestionReader._with_key,
    QuestionType.MATCH: QuestionReader._match,
    QuestionType.ORDER: QuestionReader._order,
    QuestionType.TRIAGE: QuestionReader._triage,
}
