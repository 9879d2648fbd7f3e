"""All attacks, in groups by what they go for."""

from tests.attacks import harm, messages, objects, places, reference, session

ATTACKS = [
    attack
    for module in (session, objects, messages, places, reference, harm)
    for attack in module.ATTACKS
]  # fmt: skip
