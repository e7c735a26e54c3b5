"""What learners do (`answer_question`, `send_note`) and authors (`finish_note`); a preview judges
answers and keeps none (`judge_answer`).
"""

from training.progress.services.answer_question import CannotAnswer, answer_question, judge_answer
from training.progress.services.notes import CannotNote, finish_note, send_note

__all__ = [
    "CannotAnswer",
    "CannotNote",
    "answer_question",
    "finish_note",
    "judge_answer",
    "send_note",
]
