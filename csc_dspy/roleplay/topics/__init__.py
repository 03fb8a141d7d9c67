"""What role-played conversations are about, and whom the customer calls."""

from csc_dspy.roleplay.topics.choosing import difficulties, industries, topics
from csc_dspy.roleplay.topics.loading import Scenes, difficulty_names, load_scenes

__all__ = ["Scenes", "difficulties", "difficulty_names", "industries", "load_scenes", "topics"]
