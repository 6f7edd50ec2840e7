"""The film and the campaign of the quota exchange."""

from __future__ import annotations

from shared.models.answers import DemoAnswer, LaunchAnswer, Mail, Scene

DEMO = DemoAnswer(
    title="Quaymarket in under a minute",
    scenes=[
        Scene(
            screen="market-board",
            caption="Every spare lot of the region on one board",
            narration="This is the board that all harbours of the group share.",
            seconds=6,
        ),
        Scene(
            screen="my-lots",
            caption="Offer a lot in one minute",
            narration="Spare quota is offered with species, tonnes and price, then published.",
            seconds=6,
        ),
        Scene(
            screen="lot",
            caption="Compare, then bid",
            narration="Another skipper compares two lots and makes a bid.",
            seconds=6,
        ),
        Scene(
            screen="bids",
            caption="The harbour office confirms the transfer",
            narration="The office accepts the bid and settles the transfer on the same day.",
            seconds=6,
        ),
        Scene(
            screen="season",
            caption="What lapses when, and the regulator's file",
            narration="The season page shows what is left and hands out the file.",
            seconds=6,
        ),
    ],
    closing="Quaymarket: spare quota finds the next boat",
)

LAUNCH = LaunchAnswer(
    summary=(
        "The kit holds the market analysis, requirements, plan, wireframe, a prototype to click through, a "
        "code project and a short film for Quaymarket, ready to show to the first four harbours."
    ),
    mails=[
        Mail(
            day=0,
            subject="Quaymarket: your launch kit is ready",
            preheader="A prototype to click through, the plan and the numbers",
            paragraphs=[
                "Your quota exchange for small harbours now has a prototype that works by clicking.",
                "Start with the market board, offer a lot, then accept a bid as the office would.",
            ],
            call_to_action="Open the prototype",
        ),
        Mail(
            day=3,
            subject="What brokers leave open for small boats",
            preheader="Three comparable products and the gap between them",
            paragraphs=[
                "Brokers work with whole quotas; fleet software counts but cannot pass quota on.",
                "The market analysis names what each of them leaves open and where each claim comes from.",
            ],
            call_to_action="Read the analysis",
        ),
        Mail(
            day=7,
            subject="Four harbours, one season: the plan",
            preheader="Epics, stories and what a month in the cloud would cost",
            paragraphs=[
                "The plan starts with four neighbouring harbours and ends with the regulator's file.",
                "Reply with a day that suits you and we will walk through it together.",
            ],
            call_to_action="See the plan",
        ),
    ],
    next_steps=[
        "Show the prototype to one harbour office and write down where it hesitates.",
        "Agree on the columns of the file with the regulator.",
        "Push the code project and deploy its first story.",
    ],
)
