"""What the review page says, in both languages."""

from __future__ import annotations

from typing import Final

from csc_dspy.taxonomy import Localized

TITLE: Final = Localized(en="Labels in doubt", zh="存疑标注复核")

WORDS: Final = {
    "title": TITLE,
    "intro": Localized(
        en="Each of these turns has a label that may be wrong. Read the turn where it stands, look at what "
        "speaks against its label, and decide. Your decisions stay on this device until you save and "
        "send them.",
        zh="下面每句话的标注都可能有误。请结合上下文阅读，看看存疑的理由，再作决定。"
        "在您保存并发送之前，决定只留在这台设备上。",
    ),
    "keys": Localized(
        en="Keys: 1–3 change to a proposed strategy, K keep, U unsure; ← → other turns.",
        zh="按键：1–3 改为所提议的策略，K 保留，U 不确定；← → 切换。",
    ),
    "conversation": Localized(en="The conversation", zh="对话"),
    "given": Localized(en="Given", zh="现有标注"),
    "because": Localized(en="What speaks against it", zh="存疑的理由"),
    "decide": Localized(en="Decision", zh="决定"),
    "keep": Localized(en="Keep", zh="保留"),
    "unsure": Localized(en="Unsure", zh="不确定"),
    "other_strategy": Localized(en="Another strategy", zh="改为其它策略"),
    "other_stage": Localized(en="Another stage", zh="改为其它阶段"),
    "unchanged": Localized(en="– unchanged –", zh="—— 不变 ——"),
    "note": Localized(en="Note", zh="备注"),
    "guide": Localized(en="What tells the strategies apart", zh="各策略如何区分"),
    "previous": Localized(en="Back", zh="上一句"),
    "next": Localized(en="Next", zh="下一句"),
    "progress": Localized(
        en="Turn {place} of {count}, {done} decided", zh="第{place}句，共{count}句，已决定{done}句"
    ),
    "finish": Localized(en="Save your decisions", zh="保存决定"),
    "who": Localized(en="Your name or initials", zh="您的姓名或代号"),
    "no_name": Localized(en="Give your name or initials first.", zh="请先填写姓名或代号。"),
    "download": Localized(en="Save as a file", zh="存为文件"),
    "saved": Localized(en="Saved {done} of {count} decisions.", zh="已保存{done}条决定，共{count}句。"),
    "no_memory": Localized(
        en="This browser keeps nothing between visits: save before you leave.",
        zh="此浏览器无法保存进度，离开前请先存为文件。",
    ),
}
