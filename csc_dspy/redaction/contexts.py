"""Words before a number that say what it is."""

from __future__ import annotations

import re
from typing import Final

_ORDER: Final = (
    r"订单|单号|运单|快递|物流|流水|交易号|凭证号|工单|案件|发票|合同|保单|票号|航班|车次|批次|型号|版本|编号|参考号|受理号|"
    r"序列号|序号|邮编|商品|货号|货品|条码|回执|申请号|"
    r"\border|\btracking|\bticket|\bcase\b|\breference|\bconfirmation|\bbooking|\binvoice|\bclaim|\bpolicy|"
    r"\bserial|\bpart\b|\bmodel|\bversion|\breceipt|\btransaction|\bcontract|\bflight|\bshipment|\bsku\b|"
    r"\bitem|\bproduct|\bbuild\b|\berror\b|\bzip\b|\bpostcode|\breturn\b|\brma\b|\bparcel"
)
_ORDER_END: Final = re.compile(
    rf"(?:{_ORDER})[\w ]{{0,12}}?(?:号码|编号|号|码|number|no\.?|id|code|#)?"
    r"(?:[ 是为叫:,;#\"'(\[]|is|was|are|it's){0,8}$",
    re.IGNORECASE,
)
_PHONE_END: Final = re.compile(
    r"(?:电话|座机|固话|号码|手机|联系方式|联系我|打给|回电|拨打|打)[^\d,。;?!]{0,8}$"
    r"|\b(?:phone|call|called|calling|cell|mobile|reach|text|contact|landline|telephone|fax|line|dial)\b"
    r"[^\d.;?!]{0,28}$",
    re.IGNORECASE,
)
_IDENTITY_END: Final = re.compile(
    r"(?:身份证|证件|身份号|户口|护照|驾驶证|驾照|通行证)[^\d。;?!]{0,10}$"
    r"|\b(?:identity|identification|id card|id number|national id|passport|driver'?s licen[cs]e|"
    r"licen[cs]e number)\b"
    r"[^\d.;?!]{0,20}$",
    re.IGNORECASE,
)
_CARD_END: Final = re.compile(
    r"(?:卡号|银行卡|信用卡|储蓄卡|借记卡|社保卡|账号|账户|帐号|户头|[这那]张卡)[^\d。;?!]{0,8}$"
    r"|\b(?:card|account|acct|iban|routing)\b[^\d.;?!]{0,24}$",
    re.IGNORECASE,
)
_SOCIAL_END: Final = re.compile(
    r"(?:\bssn\b|\bsocial\b|\bitin\b|\btax ?(?:payer)? id\b|社会安全号|社安号)[^\d.;?!]{0,24}$", re.IGNORECASE
)
_LOOK_BACK: Final = 40


def names_order(text: str, start: int) -> bool:
    """Whether what begins at ``start`` is called an order, a ticket or the like."""
    return bool(_ORDER_END.search(text, max(0, start - _LOOK_BACK), start))


def names_phone(text: str, start: int) -> bool:
    """Whether it is called a telephone number."""
    return bool(_PHONE_END.search(text, max(0, start - _LOOK_BACK), start))


def names_identity(text: str, start: int) -> bool:
    """Whether it is called the number of an identity card, a passport or the like."""
    return bool(_IDENTITY_END.search(text, max(0, start - _LOOK_BACK), start))


def names_card(text: str, start: int) -> bool:
    """Whether it is called the number of a card or an account."""
    return bool(_CARD_END.search(text, max(0, start - _LOOK_BACK), start))


def names_social_security(text: str, start: int) -> bool:
    """Whether it is called a social security number."""
    return bool(_SOCIAL_END.search(text, max(0, start - _LOOK_BACK), start))
