"""Write fictitious messages as RudderStack and Segment archive them; the output is always the same.

Like a real archive they have people without a user id, a message that was delivered twice, one that is not meant for
CleverTap, and one that was cut off.

    python dags_examples/data/make_messages.py
"""

from __future__ import annotations

import gzip
import json
import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PEOPLE = 40
EVENTS = 240
START = datetime(2026, 1, 5, 6)
NAMES = ("Asha Rao", "Liam Brown", "Chloé Martin", "Emeka Okafor", "Ingrid Berg", "Kwame Mensah")
PRODUCTS = ({"sku": "MUG-1", "price": 9.5}, {"sku": "TOTE-2", "price": 18}, {"sku": "BLANKET-3", "price": 62})
PAGES = {"/": "Home", "/offers": "Offers", "/cart": ""}

Message = dict[str, Any]


def make_messages(*, phones: bool) -> list[Message]:
    """Return messages in the order of their times.

    :param phones: people use an app too, so that there are push tokens and screens.
    """
    pick = random.Random(20260105)
    messages = [_identify(pick, number, phones=phones) for number in range(PEOPLE)]
    messages += [_event(pick, phones=phones) for _ in range(EVENTS)]
    messages.append({"type": "group", "userId": "user-1", "groupId": "club"})
    messages.append({"type": "alias", "userId": "user-2", "previousId": "anonymous-2"})
    for number, message in enumerate(messages):
        moment = (START + timedelta(seconds=97 * number)).isoformat(timespec="milliseconds") + "Z"
        message |= {"messageId": f"message-{number:04d}", "timestamp": moment, "sentAt": moment}
    messages[-7]["integrations"] = {"All": True, "CleverTap": False}
    return [*messages, messages[-9]]


def _ids(pick: random.Random) -> Message:
    number = pick.randrange(PEOPLE)
    known = {} if pick.random() < 0.2 else {"userId": f"user-{number}"}
    return {"anonymousId": f"anonymous-{number}", **known}


def _identify(pick: random.Random, number: int, *, phones: bool) -> Message:
    name = NAMES[number % len(NAMES)]
    traits = {
        "name": name,
        "email": f"user{number}@example.com",
        "birthday": f"19{pick.randint(60, 99)}-{pick.randint(1, 12):02d}-{pick.randint(1, 28):02d}",
        "plan": pick.choice(("free", "gold")),
        "MSG-email": pick.random() < 0.8,
        "address": {"city": pick.choice(("Pune", "Cardiff", "Lyon"))},
    }
    context: Message = {"ip": "203.0.113.7", "library": {"name": "web"}}
    if phones and number % 2:
        system = pick.choice(("Android", "iOS"))
        context |= {"os": {"name": system}, "device": {"token": f"token-{number:04d}", "type": system}}
    ids = {"userId": f"user-{number}", "anonymousId": f"anonymous-{number}"}
    return {"type": "identify", **ids, "traits": traits, "context": context}


def _event(pick: random.Random, *, phones: bool) -> Message:
    message = {**_ids(pick), "context": {"ip": "203.0.113.7", "library": {"name": "web"}}}
    dice = pick.random()
    if dice < 0.3:
        path, name = pick.choice(list(PAGES.items()))
        return {"type": "page", **message, **({"name": name} if name else {}), "properties": {"path": path}}
    if dice < 0.4 and phones:
        return {"type": "screen", **message, "name": pick.choice(("Main", "Profile"))}
    if dice < 0.5:
        products = [{**product, "quantity": pick.randint(1, 3)} for product in pick.sample(PRODUCTS, k=2)]
        total = sum(product["price"] * product["quantity"] for product in products)
        order = {"order_id": f"order-{pick.randrange(10**6):06d}", "revenue": total, "products": products}
        return {"type": "track", "event": "Order Completed", **message, "properties": {**order, "currency": "EUR"}}
    product = pick.choice(PRODUCTS)
    return {"type": "track", "event": "Product Viewed", **message, "properties": {**product, "total": product["price"]}}


def lines(messages: list[Message]) -> str:
    """Return messages as JSON Lines, of which the last one is cut off."""
    texts = [json.dumps(message, ensure_ascii=False) for message in messages]
    return "".join(f"{text}\n" for text in texts) + texts[0][:100] + "\n"


def main() -> None:
    """Write both archives."""
    (HERE / "rudderstack_messages.jsonl").write_text(lines(make_messages(phones=True)), encoding="utf-8")
    archive = lines(make_messages(phones=False)).encode()
    # Segment names its files so, without saying that they are JSON Lines.
    (HERE / "segment_messages.gz").write_bytes(gzip.compress(archive, mtime=0))


if __name__ == "__main__":
    main()
