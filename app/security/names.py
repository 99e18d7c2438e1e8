"""Pinyin of people's names, with the readings surnames have, and the account names made of it (ACC-3, TCH-4)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container
from functools import lru_cache
from itertools import count

from pypinyin import lazy_pinyin

from app.domain.errors import Invalid, problem
from app.domain.names import normalise_login, normalise_name
from app.domain.text import N_


def _table(text: str) -> dict[str, tuple[str, ...]]:
    pairs = (pair.split(":") for pair in text.split())
    return {name: tuple(reading.split("-")) for name, reading in pairs}


# Readings of characters that sound differently, or that dictionaries read differently, when they are a surname.
_SURNAMES = _table(
    """
    单:shan 仇:qiu 区:ou 解:xie 曾:zeng 查:zha 任:ren 盖:ge 繁:po 朴:piao 翟:zhai 覃:qin 乐:yue 黑:he 员:yun
    贠:yun 种:chong 冼:xian 洗:xian 么:yao 幺:yao 宓:mi 郇:xun 缪:miao 召:shao 折:she 隗:wei 薄:bo 祭:zhai
    秘:bi 卜:bu 句:gou 尉:wei 谌:chen 訾:zi 昝:zan 逄:pang 钭:tou 都:du 佴:nai 呙:guo 臧:zang 藏:zang 占:zhan
    乜:nie 能:nai 粘:nian 隽:juan 莘:shen 璩:qu 亓:qi 降:jiang 宿:su 佘:she 瞿:qu 嵇:ji 郄:qie 郗:xi 仉:zhang
    角:jue 不:fou 车:che 盛:sheng 柏:bai 曲:qu 石:shi 沈:shen 纪:ji 那:na 宁:ning 应:ying 过:guo 燕:yan
    相:xiang 牟:mou 葛:ge 贾:jia 俞:yu 於:yu 行:xing 重:chong 强:qiang 冒:mao 尹:yin 殷:yin 费:fei 褚:chu
    难:nan 南:nan 六:lu 阚:kan 晁:chao 眭:sui 撒:sa 哈:ha 谷:gu
    """
)
_COMPOUNDS = _table(
    """
    尉迟:yu-chi 万俟:mo-qi 长孙:zhang-sun 单于:chan-yu 澹台:tan-tai 乐正:yue-zheng 令狐:ling-hu 欧阳:ou-yang
    司马:si-ma 上官:shang-guan 诸葛:zhu-ge 皇甫:huang-fu 夏侯:xia-hou 东方:dong-fang 闻人:wen-ren 赫连:he-lian
    公羊:gong-yang 淳于:chun-yu 太叔:tai-shu 申屠:shen-tu 公孙:gong-sun 仲孙:zhong-sun 轩辕:xuan-yuan
    钟离:zhong-li 宇文:yu-wen 慕容:mu-rong 鲜于:xian-yu 闾丘:lv-qiu 司徒:si-tu 司空:si-kong 亓官:qi-guan
    司寇:si-kou 子车:zi-ju 颛孙:zhuan-sun 端木:duan-mu 巫马:wu-ma 公西:gong-xi 漆雕:qi-diao 壤驷:rang-si
    公良:gong-liang 拓跋:tuo-ba 夹谷:jia-gu 宰父:zai-fu 谷梁:gu-liang 段干:duan-gan 百里:bai-li 东郭:dong-guo
    南门:nan-men 呼延:hu-yan 羊舌:yang-she 微生:wei-sheng 梁丘:liang-qiu 左丘:zuo-qiu 东门:dong-men
    西门:xi-men 南宫:nan-gong 第五:di-wu 独孤:du-gu 贺兰:he-lan 纳兰:na-lan 叶赫:ye-he 濮阳:pu-yang
    哥舒:ge-shu 完颜:wan-yan 耶律:ye-lv 相里:xiang-li
    """
)
_HAN = r"\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af〇"
_ALL_HAN = re.compile(rf"[{_HAN}]+")
_TOKEN = re.compile(rf"[{_HAN}]+|[a-z]+")
_UNREADABLE = "x"
_LONGEST_STEM = 16


def syllables(name: str) -> list[str]:
    """Return the pinyin syllables of a name, lower case; Latin words stay whole, other scripts are left out.

    The surname is read as a surname (单 shan, 尉迟 yu chi), but not in names with a dot, which have none. A character
    that no dictionary knows becomes "x".
    """
    clean = normalise_name(name)
    if _ALL_HAN.fullmatch(clean):  # nearly every name
        return _read(clean, with_surname=True)
    result: list[str] = []
    for token in _TOKEN.findall(_without_accents(clean.lower())):
        if token[0].isascii():
            result.append(token)
        else:
            result += _read(token, with_surname=not result and "·" not in clean)
    return result


def _read(han: str, *, with_surname: bool) -> list[str]:
    surname, reading = _surname_of(han) if with_surname else ("", ())
    return [*reading, *_syllables(han[len(surname) :])]


@lru_cache(maxsize=1 << 16)
def _syllables(han: str) -> tuple[str, ...]:
    """Return the syllables of a surname or a given name: far fewer are in use than there are people."""
    return tuple(_letters(syllable) for syllable in lazy_pinyin(han))


def _surname_of(han: str) -> tuple[str, tuple[str, ...]]:
    """Return the surname and its reading, its own where it needs one."""
    if len(han) > 2 and han[:2] in _COMPOUNDS:
        return han[:2], _COMPOUNDS[han[:2]]
    return han[0], _SURNAMES.get(han[0]) or _syllables(han[0])


def _letters(syllable: str) -> str:
    return syllable if re.fullmatch(r"[a-z]+", syllable) else _UNREADABLE


def _without_accents(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def pinyin_of(name: str) -> str:
    """Return the whole name in pinyin without blanks, for search and for the password check: zhangsan."""
    return "".join(syllables(name))


def initials(name: str) -> str:
    """Return the first letter of each syllable: 单田芳 is stf (TCH-4)."""
    return "".join(syllable[0] for syllable in syllables(name))


def account_name(name: str, national_id_tail: str, taken: Container[str]) -> str:
    """Return the first free account name: initials and `national_id_tail` (six characters), then with 2, 3 … (ACC-3).

    `taken` holds the names in use, in lower case. Raises `Invalid` when the tail is not the end of an ID number.
    """
    tail = normalise_login(national_id_tail)
    if not re.fullmatch(r"[0-9]{5}[0-9x]", tail):
        text = N_("An account name needs the last six characters of the national ID number.")
        raise Invalid(problem("account_name_tail", text, field="national_id"))
    stem = (initials(name)[:_LONGEST_STEM] or _UNREADABLE) + tail
    candidates = (stem if number == 1 else f"{stem}{number}" for number in count(1))
    return next(candidate for candidate in candidates if candidate not in taken)
