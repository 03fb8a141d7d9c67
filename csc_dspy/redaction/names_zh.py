"""Chinese names, by what is said around them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from csc_dspy.redaction._base import Span
from csc_dspy.redaction.folding import Folded
from csc_dspy.redaction.words import words

SURNAMES: Final = frozenset(
    "王李张刘高陈杨黄赵吴周徐孙马朱胡郭何林罗郑梁谢宋唐许韩冯邓曹彭曾肖萧田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪"
    "廖石金韦贾夏付傅方邹熊白孟秦邱侯江尹薛闫阎段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康易乔赖文温庞樊兰殷施洪翟安颜"
    "倪牛齐伍季尤裴涂鲁葛岳祁柳邢俞梅辛管左涂柯耿聂焦冉宁娄盛童欧游詹甄项楚苗解符纪丛丘闵申宫司辜麦关单卜凌霍虞柴蒙阮"
)
_DOUBLE: Final = "欧阳|司马|上官|诸葛|司徒|东方|皇甫|尉迟|公孙|慕容|令狐|端木|夏侯"
_SURNAME: Final = rf"(?:{_DOUBLE}|[{''.join(sorted(SURNAMES))}])"
# No given name has one of these.
_GIVEN: Final = (
    r"(?:"
    r"(?![的了是吗呢吧啊呀哦嗯哈吧这那位个请问您好和跟给我你他她们就在有说要想对不也都很会能来去打找叫姓电话号码客服办买推])"
    r"[\u4e00-\u9fff])"
)
_FULL: Final = rf"{_SURNAME}{_GIVEN}{{1,2}}"
_END: Final = (
    r"(?=$|[\s,，.。;；!！?？、~～…)）\]】\"”]|的|吗|吧|啊|呢|呀|哈|哦|您好|你好|为您|先生|女士|"
    r"小姐|工号|客服|很高兴|竭诚|电话|手机|身份证|本人|来电|是吧|是吗|对吗|对吧|这个|没错|就行|"
    r"就可以|即可|[办买打下订签收开在也已想要推介])"
)
_TITLE: Final = r"(?:先生|女士|小姐|太太|师傅|经理|老师|大姐|大哥|阿姨|同学|总监|主任|医生)"

_SAID: Final = (
    re.compile(
        rf"(?:免贵|我?本?人?姓|贵姓[^\u4e00-\u9fff]{{0,3}})(?P<n>{_DOUBLE}|(?![名什啥氏是的了吗吧在有不就都也和跟哪])[\u4e00-\u9fff])(?=$|[^\u4e00-\u9fff]|[的了吗吧啊呢叫名单是，])"
    ),
    re.compile(
        rf"(?:我叫|名叫|叫做|名字叫做?|名字是|姓名是?|户名是?|收件人是?|联系人是?|收货人是?|"
        rf"持卡人是?|机主是?|申请人是?|开户人是?|本人)[ :，,]{{0,2}}(?P<n>{_FULL}){_END}"
    ),
    re.compile(
        rf"(?:我是|这里是|这边是|您是|你是|是叫|请问是|请找|我找|他叫|她叫|帮我找|客服代表|客服专员|客服|专员|坐席|老公|老婆|儿子|女儿|丈夫|妻子|爱人|妈妈|爸爸|父亲|母亲|朋友|同事)叫?(?:是)?(?P<n>{_FULL}){_END}"
    ),
    re.compile(
        rf"(?:我是|叫我|这里是|这边是|客服|专员|顾问)(?:客服)?(?:代表|专员)?(?P<n>[小老阿]{_SURNAME}){_END}"
    ),
    re.compile(rf"(?:叫|姓名是?|名字是?)[ :]{{0,2}}(?P<n>{_DOUBLE}{_GIVEN}{{1,2}}){_END}"),
)
_CALLED: Final = re.compile(rf"(?P<n>(?:{_SURNAME})(?:{_GIVEN}{{1,2}})?){_TITLE}")
# Characters that end another word, so that what looks like a surname is none.
_OTHER_WORDS: Final = frozenset(
    words("""
    谢谢 关于 由于 对于 等于 处于 至于 属于 任何 如何 为何 几何 对方 官方 地方 双方 甲方 乙方 各方 单方
    警方 院方 资方 平安 公安 治安 保安 基金 资金 现金 奖金 押金 租金 佣金 黄金 专项 事项 各项 客户关
    海关 有关 相关 无关 千万 百万 几万 十万 两万 一万 方向 导向 转向 语文 英文 中文 论文 非常 经常 正常
    日常 异常 平常 通常 体温 美容 原石 明白 空白 交易 容易 贸易 健康 小康 完成 生管 主管 保管 托管 账管
    城管 高管 尽管 不管 只管 申请 单申 重申 长江 上司 公司 寿司 这单 那单 订单 下单 账单 保单 名单 简单
    菜单 清单 传单 买单 我单 高级 项目 施工 金融 安装 安保 常务 管理 方案 白班 童装 石油 万能 郑重 了解
    理解 误解 见解 讲解 和解 了解 年纪 经纪 世纪 风纪 本季 四季 换季 旺季 淡季 盛 全盛 茂盛 相向 一向
    意向 去向
    """)
)


def chinese_names(text: Folded) -> Iterator[Span]:
    """Names that somebody says are one, and those before a title."""
    plain = text.plain
    if plain.isascii():
        return
    for pattern in _SAID:
        for found in pattern.finditer(plain):
            yield _span(plain, found.start("n"), found.end("n"))
    for found in re.finditer(_TITLE, plain):
        name = _before(plain, found.start())
        if name:
            yield _span(plain, found.start() - name, found.start())


def _before(plain: str, title: int) -> int:
    """How long the name before a title is; 0 if there is none."""
    for length in (3, 2, 4, 1):
        begin = title - length
        if begin < 0 or not _is_name(plain[begin:title]):
            continue
        if plain[max(0, begin - 1) : begin + 1] in _OTHER_WORDS or plain[begin : begin + 2] in _OTHER_WORDS:
            continue
        if length > 1 and not _begins_a_word(plain, begin):
            continue
        return length
    return 0


def _is_name(word: str) -> bool:
    return re.fullmatch(rf"(?:{_DOUBLE}){_GIVEN}{{0,2}}|{_SURNAME}{_GIVEN}{{0,2}}", word) is not None


def _begins_a_word(plain: str, begin: int) -> bool:
    """Whether what stands before a full name can end a word: nothing, punctuation, or a word of call."""
    before = plain[max(0, begin - 2) : begin]
    return (
        not before
        or not "\u4e00" <= before[-1] <= "\u9fff"
        or before[-1] in "是叫请找问给和跟位的好为由向让名人我"
    )


def _span(plain: str, start: int, end: int) -> Span:
    return Span("name", start, end, plain[start:end])
