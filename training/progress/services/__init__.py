"""What learners do: `answer_question`."""

from training.progress.services.answer_question import CannotAnswer, answer_question

__all__ = ["CannotAnswer", "answer_question"]
