"""What make_redaction_set.py plants: forms of telephone numbers and URLs, words that announce, things that are no personal data."""

import random

# `#` is a digit, `%` one from 2 to 9, `[...]` one of the characters in it.
PHONES = [
    # Spain
    "+34 6## ### ###",
    "+34 6## ## ## ##",
    "+346########",
    "+34 91 ### ## ##",
    "(+34) 6## ### ###",
    "0034 6## ### ###",
    "0034 9########",
    "34 6## ### ###",
    "6## ### ###",
    "6## ## ## ##",
    "6##-###-###",
    "6##.##.##.##",
    "9# ### ## ##",
    "9## ## ## ##",
    "91-%######",
    # North America
    "(%[012345678]%) %##-####",
    "(%0%)%##-####",
    "%0%-%##-####",
    "%1%.%##.####",
    "%2% %##-####",
    "%3% %## ####",
    "1-8[08]0-%##-####",
    "1 (8[68]8) %##-####",
    "+1 %4% %## ####",
    "+1-%5%-%##-####",
    "+1 (%6%) %##-####",
    "+1%7%%######",
    # E.164 from elsewhere
    "+44 20 7### ####",
    "+44 7### ######",
    "+49 151 ########",
    "+4915[127]########",
    "+33 6 ## ## ## ##",
    "+351 9## ### ###",
    "+52 55 #### ####",
    "+55 11 9####-####",
    "+91 9#### #####",
    "+56 9 #### ####",
    "+86 13# #### ####",
]

# In one piece, as people type them; with and without words that announce them.
BARE_PHONES = [
    "6########",
    "7########",
    "9########",
    "%0%%######",
    "%1%%######",
    "1%0%%######",
    "9#########",
    "7#########",
]

URLS = [
    "https://{user}:{password}@{host}/",
    "http://{user}:{password}@{host}",
    "https://{user}:{password}@{host}/a/b?c=d&e=1",
    "ftp://{user}:{password}@{host}/pub",
    "https://{user}@{host}/repo.git",
    "postgres://{user}:{password}@{host}/db",
]

# Empty: nothing announces it.
ANNOUNCED = {
    "email": [
        "",
        "",
        "mail me at ",
        "(",
        "my address is ",
        "E-mail: ",
        "mi correo es ",
        "escríbeme a ",
        "<",
        "mailto:",
        '"',
    ],
    "phone": [
        "",
        "",
        "",
        "call me at ",
        "Tel.: ",
        "(",
        "my number is ",
        "llama al ",
        "mi teléfono es ",
        "WhatsApp ",
        "phone:",
        "or ",
    ],
    "card": ["", "", "my card ", "Visa ", "charged to ", "card number: ", "la tarjeta ", "("],
    "iban": ["", "", "IBAN ", "IBAN:", "refund to ", "mi cuenta es ", "transfer it to ", "("],
    "ip": ["", "", "the camera at ", "IP address ", "my router (", "from ", "la IP ", "http://"],
    "url_credentials": ["", "", "see ", "the feed is ", "(", "en "],
}


def _check_digit(body: str, weights: list[int], modulus: int) -> int:
    return -sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True)) % modulus


def _body(rng: random.Random, prefix: str, length: int) -> str:
    return prefix + "".join(str(rng.randrange(10)) for _ in range(length - len(prefix)))


def isbn10(rng: random.Random, prefix: str = "0") -> str:
    body = _body(rng, prefix, 9)
    check = _check_digit(body, [10, 9, 8, 7, 6, 5, 4, 3, 2], 11)
    return body + ("X" if check == 10 else str(check))


def ean13(rng: random.Random, prefix: str) -> str:
    body = _body(rng, prefix, 12)
    return body + str(_check_digit(body, [1, 3] * 6, 10))


def upc(rng: random.Random) -> str:
    body = _body(rng, "0", 11)
    return body + str(_check_digit(body, [3, 1] * 5 + [3], 10))


def _luhn_sum(number: str) -> int:
    return sum(sum(divmod(int(digit) * (1 + place % 2), 10)) for place, digit in enumerate(reversed(number)))


def no_card(rng: random.Random) -> str:
    """Sixteen digits with an issuer's prefix that fail the Luhn check."""
    number = _body(rng, rng.choice(["4", "51", "37", "6011"]), 16)
    return number if _luhn_sum(number) % 10 else number[:-1] + str((int(number[-1]) + 1) % 10)


def no_iban(rng: random.Random) -> str:
    """A Spanish account number whose check digits are wrong, as 98 of 100 are (00, 01 and 99 never occur)."""
    return _body(rng, rng.choice(["ES00", "ES01", "ES99"]), 24)


def hyphenated(isbn: str) -> str:
    return f"{isbn[0]}-{isbn[1:4]}-{isbn[4:9]}-{isbn[9]}"


HARD = {
    "price": [
        "$1,%##.99",
        "$#####.##",
        "1.%##,50 €",
        "%## €",
        "Rs. 1####",
        "12.99",
        "1,299,000",
        "USD 250000000",
        "€%####.##",
    ],
    "isbn": [
        lambda rng: f"ISBN {isbn10(rng)}",
        lambda rng: f"ISBN-10: {isbn10(rng, '3')}",
        lambda rng: f"[[ASIN:{isbn10(rng, '84')} A Book]]",
        lambda rng: hyphenated(isbn10(rng)),
        lambda rng: isbn10(rng),
        lambda rng: isbn10(rng, "84"),
        lambda rng: f"978-{ean13(rng, '978')[3:]}",
        lambda rng: ean13(rng, "978"),
    ],
    "asin": [
        "B00#J#K##M",
        "B0######X9",
        "[[ASIN:B000FC0PDA A Kindle]]",
        "www.amazon.com/gp/product/0######%##",
        "/dp/9#########",
    ],
    "date": [
        "2#/1#/201#",
        "1#.0#.2017",
        "201#-0%-1#",
        "1/2#/2006",
        "201#-0%-1# 1#:%5:##",
        "0%0%2015",
        "20171%1#",
        "Jan. 1#, 2018",
    ],
    "years": ["19##-19##", "(19##-2016)", "1#23 - 1#48", "19##/19##/2005", "2004-05"],
    "order": [
        "order 40%-#######-#######",
        "order no. 6########",
        "order number: 9#########",
        "pedido nº 6########",
        "Order #9########",
        "orderID=10#-#######-#######",
    ],
    "bar code": [
        lambda rng: f"UPC {upc(rng)}",
        lambda rng: upc(rng),
        lambda rng: ean13(rng, "40"),
        lambda rng: f"EAN {ean13(rng, '84')}",
    ],
    "model": [
        "SDSDH-1024-901",
        "DCR-TRV%%0",
        "model 40#96",
        "WH-1000XM4",
        "part number 010-10##1-00",
        "U55##7-900",
        "961-00#90",
        "GT-I9505",
    ],
    "version": [
        "version 10.#.#.#",
        "firmware 1.0.#.1#",
        "iOS 1#.3.3",
        "v2.1#.0.1",
        "4.4.2",
        "Windows 10.0.18363",
        "Linux 2.2.19-7.0.1",
        "1.2.#.#",
    ],
    "score": ["4/5", "10/10", "5 stars", "9,5", "3.5/5.0", "100%", "10/10. 100%", "1 2 3 4 5 6 7 8 9 0"],
    "size": [
        "1920x1080",
        "1280/800",
        "24 x 36 x 120 cm",
        "500-1000 mAh",
        "2000-2500",
        "16.5 18.25 ounces",
        "300 400 500",
        "8-12",
        "100 200 300",
    ],
    "quantity": ["10000000", "600000000", "1000000000", "650.000.000", "20 000 000", "7 000 000 000", "999999999"],
    "serial": [
        "serial no. 41-24####",
        "IMEI 35############",
        "S/N: 6########",
        "tracking 1Z999AA1012345####",
        "batch no 597#####",
        "id=9#########",
    ],
    "time": ["10:30:15", "at 9:45", "12:00-13:30", "1:23:45.678", "24/7", "9 to 5"],
    "colons": ["std::vector", "A::B", "::", "note:: good", "1::2", "de:ad"],
    "at sign": [
        "tod@s",
        "bought it @ amazon.com",
        "cr@ppy",
        "@bob_1",
        "2 @ 15.99",
        "14k@150",
        "N!gg@s",
        "@Amazon.com",
        "100@home",
    ],
    "plain url": [
        "https://medium.com/@bob/post",
        "http://x.com/a:b",
        "www.x.com/1/2",
        "https://t.co/a1b2c3?id=9876543210",
        "http://h:8080/",
    ],
    "wrong card": [no_card, lambda rng: f"card {no_card(rng)}"],
    "wrong iban": [no_iban, lambda rng: f"IBAN {no_iban(rng)}"],
    "qid": [
        "qid=1#########&sr=8-1",
        "ref=sr_1_1/104-5459925-23159##",
        "/review/show/9#########",
        "content_18092494####",
    ],
    "postcode": ["Muskogee, OK 7440#", "28001 Madrid", "SW1A 1AA", "74403-%456"],
}

# Lines of other public texts (VADER's tweets and editorials, MIT), with the digits changed.
NATURAL = [
    "to see what its like call me 423 555 0142",
    "Thx 2 Manuel joseph appliance. 916-555-0146",
    "Eligible tenants can get information at (212) 555-0182 or 555-0147.",
    "Tuesday, 12 July 2011 19:30 at the school hall",
]

# Labelled by hand.
NATURAL_LABELS = {
    "customerservice@apexdigital.com": "email",
    "423 555 0142": "phone",
    "916-555-0146": "phone",
    "(212) 555-0182": "phone",
    "555-0147": "phone",
}
