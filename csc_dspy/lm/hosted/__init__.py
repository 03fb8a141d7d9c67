"""The engine for hosted language models: fast, patient with busy servers, and quiet about keys and prompts.

It speaks the chat-completions protocol of OpenAI, vLLM, Ollama, DeepSeek, DashScope and others.
"""

from .endpoint import Endpoint
from .engine import AsyncHostedEngine, HostedEngine
from .limits import Limits
from .statistics import Latency, Statistics

__all__ = ["AsyncHostedEngine", "Endpoint", "HostedEngine", "Latency", "Limits", "Statistics"]
