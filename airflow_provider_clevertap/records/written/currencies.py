"""How currencies are written next to amounts."""

from __future__ import annotations

from typing import Final

#: The characters of Unicode's category ``Sc``.
SIGNS: Final = "$¢£¤¥֏؋߾߿৲৳৻૱௹฿៛₠₡₢₣₤₥₦₧₨₩₪₫€₭₮₯₰₱₲₳₴₵₶₷₸₹₺₻₼₽₾₿⃀꠸﷼﹩＄￠￡￥￦"  # noqa: RUF001

#: The codes of ISO 4217 that are in use (https://www.six-group.com/en/products-services/financial-information/
#: data-standards.html), without those of metals and of testing.
_CODES = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF "
    "CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG "
    "HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA "
    "MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD "
    "RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX "
    "USD UYU UZS VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG"
)
CODES: Final = tuple(_CODES.split())

#: What people write instead of a sign or a code.
ABBREVIATIONS: Final = (
    "Rs", "Rs.", "Re", "Re.", "kr", "kr.", "Kč", "zł", "Ft", "lei", "лв", "лв.", "руб", "руб.", "грн", "грн.", "din",  # noqa: RUF001
    "KM", "TL", "RM", "Rp", "Rp.", "R", "Fr", "Fr.", "SFr", "SFr.", "KSh", "TSh", "USh", "Bs", "Bs.", "S/", "S/.",
    "元", "円", "원", "R$", "A$", "C$", "S$", "US$", "AU$", "CA$", "HK$", "NZ$", "NT$", "MX$",
)  # fmt: skip
