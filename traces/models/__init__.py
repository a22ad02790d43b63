"""Stores what an agent did: tool calls, model steps, a summary for each turn, and sums for each day."""

from .model_step import ModelStep
from .tool_trace import ToolTrace
from .turn_summary import TurnSummary
from .usage import DailyUsage

__all__ = ["DailyUsage", "ModelStep", "ToolTrace", "TurnSummary"]
