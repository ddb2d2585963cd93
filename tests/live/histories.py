"""Random lives of an app, played on a ledger and in a model that says from DESIGN's words what the gate must answer.

The model knows nothing of the ledger's tables and shares no code with zdmigrate/live: it keeps who did what when, in
seconds, and judges from that. All numbers are such that no sum of steps meets a limit that time runs past meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from tests.live.shop import CONFIG, Shop
from zdmigrate.config import Gate, LiveSource
from zdmigrate.duration import Duration
from zdmigrate.errors import ZdmigrateError
from zdmigrate.live.gate import ask_gate
from zdmigrate.live.instances import retire_lost
from zdmigrate.live.looks import store_failure, store_look
from zdmigrate.live.registry import bind_change
from zdmigrate.live.sighting import Seen
from zdmigrate.live.sources import sources_of

if TYPE_CHECKING:
    from collections.abc import Iterator

TTL, WINDOW, LOST = 60, 100, 1000
STEPS = (7, 40, 55, 65, 110, 400, 1100)

GATE = Gate(
    heartbeat_ttl=Duration(TTL * 1000), rollback_window=Duration(WINDOW * 1000), lost_window=Duration(LOST * 1000)
)
VERSIONS = ("v1", "v2", "v3", "v4", "stranger")  # the last one is never registered

versions = st.sampled_from(VERSIONS)
listings = st.none() | st.frozensets(versions, max_size=2)  # None: the source does not answer
ACTIONS = st.one_of(
    st.tuples(st.just("beat"), versions),
    st.tuples(st.just("goodbye"), versions),
    st.tuples(st.just("pass"), st.sampled_from(STEPS)),
    st.tuples(st.just("quiet"), st.frozensets(st.sampled_from(("v2", "v3", "v4")), min_size=1, max_size=2)),
    st.tuples(st.just("look"), listings),
    st.tuples(st.just("retire"), versions),
    st.tuples(st.just("bind"), st.sampled_from(("v3", "v4"))),
    st.tuples(st.just("register"), st.just("v4")),
    st.tuples(st.just("billing"), st.sampled_from(("7.1", "7.2"))),
    st.tuples(st.just("need"), st.just("7.2")),
)
HISTORIES = st.tuples(st.sampled_from(("none", "absence", "silence")), st.lists(ACTIONS, min_size=3, max_size=14))


@dataclass
class Presence:
    """What is known of one instance, by one source."""

    first: float
    last: float
    gone: float | None = None
    by_operator: bool = False


@dataclass
class Model:
    """The truth. ``kind`` says what the source outside of the ledger is like; 'none' is no such source."""

    kind: str
    now: float = 0
    releases: list[str] = field(default_factory=lambda: ["v1", "v2", "v3"])
    bound: str = "v2"
    beats: dict[tuple[str, str], Presence] = field(default_factory=dict)  # by app and version
    listed: dict[str, Presence] = field(default_factory=dict)
    watched_since: float | None = None
    last_look: float | None = None
    answers: bool = True
    billing: list[str] = field(default_factory=list)
    needs_billing: bool = False
    retired: dict[str, float] = field(default_factory=dict)  # releases that an operator says are gone, and since when

    def beat(self, app: str, version: str) -> None:
        known = self.beats.get((app, version))
        fresh = known is None or known.gone is not None
        self.beats[app, version] = Presence(self.now, self.now) if fresh or not known else replace(known, last=self.now)

    def goodbye(self, version: str) -> None:
        known = self.beats.get(("shop", version))
        if known and known.gone is None:
            known.last = known.gone = self.now

    def look(self, listing: frozenset[str] | None) -> None:
        self.answers = listing is not None
        if listing is None:
            return
        if self.last_look is None or self.now - self.last_look > TTL:
            self.watched_since = self.now
        self.last_look = self.now
        for version in listing:
            known = self.listed.get(version)
            back = known is None or known.gone is not None
            self.listed[version] = Presence(self.now, self.now) if back or not known else replace(known, last=self.now)
        for version, known in self.listed.items():
            if self.kind == "absence" and version not in listing and known.gone is None:
                known.gone = self.now

    # ----------------------------------------------------------------------- the gate

    def is_open(self, release: str) -> bool:
        rank = {version: place for place, version in enumerate(self.releases)}
        held = [version for version in self.releases if version != "v1"]  # v1 was built without the change
        fit = {version for version in held if rank[version] >= rank[self.bound]}
        if release not in fit or release == self.bound:
            return False
        if not self._app_is_quiet("shop", fit) or not self._source_is_quiet():
            return False
        if not self.billing and not self.needs_billing:
            return True
        first_enough = self.billing.index("7.2") if "7.2" in self.billing else len(self.billing)
        return self.needs_billing and self._app_is_quiet("billing", set(self.billing[first_enough:]))

    def _app_is_quiet(self, app: str, fit: set[str]) -> bool:
        beats = {version: seen for (of, version), seen in self.beats.items() if of == app}
        told = [(version, seen, "beats") for version, seen in beats.items()]
        if app == "shop" and self.kind != "none":
            told += [(version, seen, self.kind) for version, seen in self.listed.items()]
        blocked = any(version not in fit and self._holds(seen, how) for version, seen, how in told)
        live = {version for version, seen, how in told if self._is_live(seen, how)}
        if app == "shop" and not live and not blocked and self._operator_says_it_is_gone(fit):
            return True
        return bool(live & fit) and not blocked and self._beats_cover_a_window(list(beats.values()))

    def _operator_says_it_is_gone(self, fit: set[str]) -> bool:
        """Of every old release, a window ago, and not seen since."""
        old = [version for version in self.releases if version not in fit]
        seen = [(of, one.last) for (_, of), one in self.beats.items()] + [
            (of, one.last) for of, one in self.listed.items()
        ]
        since = [self.retired.get(version) for version in old]
        if not old or any(
            at is None or any(of == version and last > at for of, last in seen)
            for version, at in zip(old, since, strict=True)
        ):
            return False
        return self.now - max(at for at in since if at is not None) >= WINDOW

    def _is_live(self, seen: Presence, how: str) -> bool:
        return seen.gone is None and (how == "absence" or self.now - seen.last <= TTL)

    def _holds(self, seen: Presence, how: str) -> bool:
        if self._is_live(seen, how):
            return True
        if how == "absence" and not seen.by_operator:
            return seen.gone is not None and self.now - seen.gone < WINDOW
        return self.now - seen.last < (WINDOW if seen.gone is not None else max(LOST, WINDOW))

    def _source_is_quiet(self) -> bool:
        if self.kind == "none":
            return True
        if not self.answers or self.last_look is None or self.watched_since is None:
            return False
        return self.now - self.last_look <= TTL and self.now - self.watched_since >= WINDOW

    def _beats_cover_a_window(self, seen: list[Presence]) -> bool:
        """Every moment of the last window lies no further than TTL after a stretch in which somebody beat."""
        known = [one for one in seen if self.now - one.last < LOST]
        if not known:
            return True  # heartbeats are not in use: the other source has to do
        moment = self.now
        while moment > self.now - WINDOW:
            earlier = [one.first for one in known if moment - one.last <= TTL and one.first < moment]
            if not earlier:
                return False
            moment = min(earlier)
        return True


class Play:
    """Plays actions on a ledger and on the model, in step."""

    def __init__(self, shop: Shop, kind: str) -> None:
        self.shop, self.model = shop, Model(kind)
        self.config = CONFIG.changed(gate=GATE)
        if kind != "none":
            options = {"path": "never read", "silence_means_absence": kind == "absence"}
            self.config = self.config.changed(live=(LiveSource(source="file", options=options),))

    def act(self, action: tuple[str, Any]) -> None:
        getattr(self, f"_{action[0]}")(action[1])

    def answers(self) -> Iterator[tuple[str, bool, bool, object]]:
        """For each release that might contract: what the gate says, what the model says, and the gate's reasons."""
        for release in ("v2", "v3", "v4"):
            verdict = ask_gate(self.shop.connection, self.config, "shop", "c", release)
            yield release, verdict.open, self.model.is_open(release), verdict.reasons

    def _beat(self, version: str) -> None:
        self.shop.beat(version)
        self.model.beat("shop", version)

    def _goodbye(self, version: str) -> None:
        self.shop.goodbye(version)
        self.model.goodbye(version)

    def _pass(self, seconds: int) -> None:
        self.shop.later(seconds)
        self.model.now += seconds

    def _quiet(self, running: frozenset[str]) -> None:
        """A quiet time: these versions beat and are listed, through more than a window."""
        for version in [version for version in self.model.releases if version not in running]:
            self._goodbye(version)
        for _ in range(4):
            for version in running:
                self._beat(version)
            self._look(running)
            self._pass(40)

    def _look(self, listing: frozenset[str] | None) -> None:
        if self.model.kind == "none":
            return
        [source] = sources_of(self.config)
        [(asked_at,)] = self.shop.execute("SELECT clock_timestamp()")
        if listing is None:
            store_failure(self.shop.connection, source, "down")
        else:
            seen = [Seen(version, "web") for version in sorted(listing)]
            store_look(self.shop.connection, GATE, source, asked_at, seen)
        self.model.look(listing)

    def _retire(self, version: str) -> None:
        """Refused while it runs, and where it is neither a release nor was seen."""
        model = self.model
        known = [seen for seen in (model.beats.get(("shop", version)), model.listed.get(version)) if seen]
        runs = any(seen.gone is None and model.now - seen.last <= TTL for seen in known)
        allowed = not runs and (bool(known) or version in model.releases)
        try:
            retire_lost(self.shop.connection, CONFIG.changed(gate=GATE), version, None, "gone for good")
        except ZdmigrateError:
            assert not allowed, version
            return
        assert allowed, version
        if version in model.releases:
            model.retired[version] = model.now
        for seen in known:
            if seen.gone is None:
                seen.gone, seen.by_operator = model.now, True

    def _bind(self, version: str) -> None:
        order = self.model.releases
        if version in order and order.index(version) >= order.index(self.model.bound):
            bind_change(self.shop.connection, "shop", "c", version)
            self.model.bound = version

    def _register(self, version: str) -> None:
        self.shop.release(version, "c")
        if version not in self.model.releases:
            self.model.releases.append(version)

    def _billing(self, version: str) -> None:
        billing = self.shop.of("billing")
        billing.release(version)
        billing.beat(version)
        if version not in self.model.billing:
            self.model.billing.append(version)
        self.model.beat("billing", version)

    def _need(self, version: str) -> None:
        self.shop.needs("c", [["billing", version]])
        self.model.needs_billing = True
