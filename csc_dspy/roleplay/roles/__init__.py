"""The roles, one DSPy module each; the two sides are supporter and customer with their assistants in one."""

from csc_dspy.roleplay.roles._base import RoleModule, load
from csc_dspy.roleplay.roles.customer import Customer
from csc_dspy.roleplay.roles.customer_assistant import CustomerAssistant
from csc_dspy.roleplay.roles.customer_side import CustomerSide
from csc_dspy.roleplay.roles.planner import Planner
from csc_dspy.roleplay.roles.supporter import Supporter
from csc_dspy.roleplay.roles.supporter_assistant import SupporterAssistant
from csc_dspy.roleplay.roles.supporter_side import SupporterSide

__all__ = [
    "Customer",
    "CustomerAssistant",
    "CustomerSide",
    "Planner",
    "RoleModule",
    "Supporter",
    "SupporterAssistant",
    "SupporterSide",
    "load",
]
