"""What a form says to raters, in both languages."""

from __future__ import annotations

from typing import Final

from csc_dspy.taxonomy import Localized

TITLE: Final = Localized(en="Comparing responses", zh="客服回复对比")

WORDS: Final = {
    "title": TITLE,
    "intro": Localized(
        en="Read how the conversation went, then compare the two ways in which the supporter might go on. "
        "Judge each question on its own. Your answers stay on this device until you save and send them.",
        zh="请先看对话进行到哪里，再比较客服接下来的两种说法，逐题独立判断。"
        "在您保存并发送之前，答案只留在这台设备上。",
    ),
    "keys": Localized(
        en="Keys: 1 first, 2 second, 3 tie, 0 cannot judge; ← → other comparisons.",
        zh="按键：1 选第一个，2 选第二个，3 不相上下，0 无法判断；← → 切换题目。",
    ),
    "beginning": Localized(en="The conversation begins here.", zh="对话从这里开始。"),
    "conversation": Localized(en="The conversation so far", zh="到目前为止的对话"),
    "left": Localized(en="Response 1", zh="回复一"),
    "right": Localized(en="Response 2", zh="回复二"),
    "tie": Localized(en="Tie", zh="不相上下"),
    "unknown": Localized(en="Cannot judge", zh="无法判断"),
    "guide": Localized(en="The strategies, for reference", zh="各策略说明（供参考）"),
    "previous": Localized(en="Back", zh="上一题"),
    "next": Localized(en="Next", zh="下一题"),
    "progress": Localized(
        en="Comparison {place} of {count}, {done} complete", zh="第{place}题，共{count}题，已完成{done}题"
    ),
    "finish": Localized(en="Save your answers", zh="保存答案"),
    "rater": Localized(en="Your name or initials", zh="您的姓名或代号"),
    "no_rater": Localized(en="Give your name or initials first.", zh="请先填写姓名或代号。"),
    "download": Localized(en="Save as a file", zh="存为文件"),
    "copy": Localized(en="Copy as text", zh="复制为文本"),
    "copied": Localized(en="Copied.", zh="已复制。"),
    "copy_yourself": Localized(
        en="Copy the text below yourself and send it.", zh="请自行复制下面的文本并发送。"
    ),
    "saved": Localized(
        en="Saved. Send the file to whoever gave you this form.", zh="已保存。请把文件发还给发来这份表的人。"
    ),
    "incomplete": Localized(
        en="{count} comparisons are not complete yet, the first is number {first}.",
        zh="还有{count}题没有答完，第一处是第{first}题。",
    ),
    "no_memory": Localized(
        en="This browser keeps nothing between visits: answer all in one go.",
        zh="此浏览器无法保存进度，请一次答完。",
    ),
}
