"""Reads of the teaching: what learners see of it, the files that it was made of, and the reviews of
alert types.
"""

from training.catalog.queries.lessons import (
    TechniqueName,
    asked_versions,
    capture_at,
    current_versions,
    current_versions_of,
    learning_paths,
    lesson_at,
    lessons_about,
    lessons_in_order,
    lessons_like,
    module_at,
    module_by_version,
    modules_in_order,
    question_counts,
    question_ids_by_lesson,
    question_of_version,
    techniques_of,
)
from training.catalog.queries.reviews import (
    reviewed_techniques,
    reviews_in_force,
    reviews_of,
    shipped_reviews,
)
from training.catalog.queries.sources import path_files, published_files, published_modules

__all__ = [
    "TechniqueName",
    "asked_versions",
    "capture_at",
    "current_versions",
    "current_versions_of",
    "learning_paths",
    "lesson_at",
    "lessons_about",
    "lessons_in_order",
    "lessons_like",
    "module_at",
    "module_by_version",
    "modules_in_order",
    "path_files",
    "published_files",
    "published_modules",
    "question_counts",
    "question_ids_by_lesson",
    "question_of_version",
    "reviewed_techniques",
    "reviews_in_force",
    "reviews_of",
    "shipped_reviews",
    "techniques_of",
]
