"""The small words of phrases: direction, degree, negation, joints, in English and Spanish.

Text is looked up without accents and hyphens, longest match first.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from functools import cache


class Role(Enum):
    """What a small word does in its clause."""

    UP = auto()
    DOWN = auto()
    """Less of it: "less", "cut"."""
    NOT = auto()
    TOO = auto()
    ENOUGH = auto()
    LITTLE = auto()
    """Too small: with TOO it turns a complaint around ("too little bass")."""
    KEEP = auto()
    PRAISE = auto()
    """It is well as it is: "are fine"."""
    DEGREE = auto()
    SAID = auto()
    """Tells how it is now: "is", "sounds"."""
    WISH = auto()
    """Tells how it should be: "make", "like"."""
    JOIN = auto()
    BREAK = auto()
    """Ends a clause; nothing is carried over."""
    WITH = auto()
    """Begins a clause that hangs on the one before."""
    AT = auto()
    BELOW = auto()
    ABOVE = auto()
    BUMP = auto()
    DIP = auto()
    NOTCH = auto()
    LOW_SHELF = auto()
    HIGH_SHELF = auto()
    WIDTH = auto()
    """How wide a band is to be."""
    HIGH_PASS = auto()
    LOW_PASS = auto()
    FILLER = auto()


@dataclass(frozen=True, slots=True)
class Marker:
    """A small word: its role, the strength it gives, whether it is a verb, where it begins."""

    role: Role
    factor: float = 1.0
    verb: bool = False


_WORDS: dict[Role, str] = {
    Role.UP: "more/mas/up/extra/additional/arriba",
    Role.DOWN: "less/fewer/menos/down/off/abajo",
    Role.NOT: "not/no/never/nothing/nada/nor/neither/without/without any/sin/nunca/tampoco/ni/"
    "free of/cannot/can not",
    Role.TOO: "too/too much/too many/overly/excessive/excessively/way too much/demasiado/"
    "demasiada/demasiados/demasiadas/sobra/sobran/excesivo/excesiva/exceso de/unbearably/"
    "cargado/cargada/cargados/cargadas/over the top/is all/are all/its all/es todo/son todo/"
    "sticking out/sticks out/stick out/"
    "molesta/molestan/sobresale/sobresalen/poking out/pokes out/building up/builds up/build up/"
    "piling up/taking over/dominating/"
    "dominates/overpowering/overwhelming/swamping",
    Role.ENOUGH: "enough/sufficiently/suficiente/suficientes/suficientemente/bastante/lo bastante",
    Role.LITTLE: "few",
    Role.KEEP: "keep/leave/preserve/retain/maintain/protect/keeping/leaving/preserving/hold on to/"
    "mantener/manten/mantén/conserva/conservando/conservar/respeta/deja",
    Role.PRAISE: "is fine/are fine/is good/are good/is great/are great/is perfect/are perfect/"
    "is ok/are ok/is okay/are okay/is right/are right/sounds good/sound good/sounds great/"
    "sound great/sounds fine/sound fine/i like/i love/love/esta bien/estan bien/esta perfecto/"
    "estan perfectos/suena bien/suenan bien/me gusta/me gustan/me encanta/me encantan",
    Role.SAID: "is/are/sounds/feels/seems/sounding/was/looks/am/were/suena/esta/estan/es/son/"
    "parece/i hear/there is/hay/gets/gets a/i am hearing/am hearing/hearing/i can hear/can hear/"
    "hear/there are/there was/has a/has an/has some/have a/got a/got an/getting/suenan/tiene/"
    "tienen/se oye/se oyen/oigo/se escucha/noto",
    Role.WISH: "make/makes/making/should/want/wants/give/let/haz/hazlo/hazla/hagas/"
    "quiero/que suene/que suenen/suene/suenen/que/dale/get/turn it/become/be/hazme/quede/queden/"
    "sound/as if/make it/pon/ponle",
    Role.JOIN: "and/or/y/e/o/u/nor/ni/plus/&/+/as well as",
    Role.BREAK: "but/yet/however/then/while/though/although/also/pero/aunque/luego/whereas/instead/"
    "mientras/sino/so that/so",
    Role.WITH: "with/con/having",
    Role.AT: "at/around/@/about/near the/in the area of/en/hacia/alrededor de/cerca de/a los/"
    "centred on/centered on/from/between/desde/entre",
    Role.BELOW: "below/under/beneath/lower than/everything below/everything under/all below/"
    "por debajo de/debajo de/bajo los",
    Role.ABOVE: "above/over/beyond/higher than/everything above/everything over/all above/"
    "por encima de/encima de/sobre",
    Role.BUMP: "bump/peak/a bump/bell boost/hump/nudge/a nudge/a little nudge",
    Role.DIP: "dip/dent/hole/a dip",
    Role.NOTCH: "notch/notch out/notch filter",
    Role.LOW_SHELF: "low shelf/lowshelf/bass shelf/shelf below",
    Role.HIGH_SHELF: "high shelf/highshelf/treble shelf/shelf above/shelf",
    Role.HIGH_PASS: "high pass/highpass/hpf/hp filter/low cut/lowcut/high pass filter/"
    "low cut filter/rumble filter/paso alto/pasa altos/filtro paso alto/corte de graves",
    Role.LOW_PASS: "low pass/lowpass/lpf/lp filter/high cut/highcut/hi cut/low pass filter/"
    "high cut filter/paso bajo/pasa bajos/filtro paso bajo/corte de agudos",
    Role.FILLER: "a/an/the/it/its/this/that/these/those/them/they/i/you/we/me/my/our/your/his/her/"
    "please/pls/thanks/thank you/can/could you/would/will/to/of/in/on/for/by/some/any/of the/"
    "just/bit of/kind of/sort of/sounding/sound/tone/tonality/track/tracks/mix/song/music/signal/"
    "part/recording/eq/equalizer/equaliser/everything/all/frequencies/frequency/range/region/"
    "area/stuff/thing/out/back/as/than/now/here/there/one/have/has/had/do/does/did/hey/"
    "hello/hi/ok/okay/well/needed/overall/general/generally/side/sounded/character/feel/feeling/"
    "quality/effect/amount/level/levels/db/hz/filter/say/think/believe/try/trying/help/what/"
    "which/who/when/how/where/why/if/into/onto/he/she/us/let us/lets/still/yes/got/go/going/"
    "turn/bring/take/come/comes/coming/through/towards/toward/across/along/both/each/"
    "every/something/anything/tilt/tanto/same/other/another/more or less/"
    "i think/i feel/would like/id like/actually/maybe/"
    "perhaps/ever/even/only/again/because/since/until/during/per/via/upon/"
    "el/la/los/las/un/una/unos/unas/de/del/al/lo/le/les/se/su/sus/mi/mis/me/te/nos/por favor/"
    "tal/away/resonance/resonances/resonancia/resonancias/como/acustica/acusticas/electrica/"
    "electricas/principal/solista/like a/like an/like/whole/"
    "entire/being/been/either/couple/couple of/pull/roll/move/put/"
    "set/dial/two/three/four/five/six/seven/eight/nine/ten/eleven/twelve/dos/tres/cuatro/cinco/"
    "would be nice/be nice/would be great/be great/nice and/tan/gets lost/he is/she is/id/"
    "sonido/pista/mezcla/tono/cancion/ese/esa/este/esto/eso/todo/toda/algo de/por/para/gracias/"
    "cada/cual/cuando/donde/porque/si/ya/aqui/alla/ser/sonar/sonando/hola/solo/ahora",
}
_VERBS: dict[Role, str] = {
    Role.UP: "boost/boosting/boosted/add/adding/add in/increase/increasing/raise/raising/lift/"
    "lift up/bring out/bring up/push/push up/enhance/emphasise/emphasize/accentuate/highlight/"
    "strengthen/turn up/lack/lacks/lacking/missing/is missing/needs/need/needing/could use/"
    "could do with/could be/should be/improve/sweeten/pump up/crank/crank up/dial up/dial in/"
    "amplify/extend/give more/restore/bring in/aumenta/aumentar/sube/subir/subele/anade/anadir/"
    "anadele/agrega/agregar/realza/realzar/potencia/potenciar/refuerza/reforzar/falta/faltan/"
    "necesita/necesito/necesitan/necesitamos/hace falta/hacen falta/"
    "levanta/levantar/resalta/resaltar/ponle mas/pon mas",
    Role.DOWN: "reduce/reducing/cut/cutting/cut out/cut back/cut down/remove/removing/kill/tame/"
    "taming/lower/lowering/drop/decrease/decreasing/attenuate/take out/take away/take down/"
    "take off/get rid of/pull back/pull down/pull out/turn down/dial back/dial down/dial out/"
    "bring down/roll off/rolling off/filter out/filter/clean up/clean out/eliminate/suppress/"
    "fix/fixing/trim/shave/shave off/carve/carve out/scoop out/scoop the/back off/ease/ease off/"
    "diminish/minimise/minimize/lose/losing/loose/control/de emphasise/de emphasize/mute/tuck/"
    "scrap/strip/limit/subtract/undo/get the/gone/fuera/tone down/calm/calm down/back down/"
    "ducking/duck/notch down/suaviza/suavizar/quita/quitar/quitale/reduce el/reducir/corta/cortar/"
    "baja/bajar/bajale/elimina/eliminar/disminuye/disminuir/atenua/atenuar/recorta/recortar/"
    "arregla/perder/perdiendo/limpia/limpiar/controla/resta",
}
_DEGREES: dict[float, str] = {
    0.3: "a hair/a smidge/a smidgen/a tiny bit/very slightly/ever so slightly/a wee bit/un pelin/"
    "barely/minimally/a whisker/a pinch/a pinch of",
    0.4: "slightly/a touch/a touch of/a tad/subtly/subtle/gently/a dash/a dash of/lightly/"
    "ligeramente/levemente/sutilmente/un toque/un toque de/a hint/a hint of/slight",
    0.5: "a bit/bit/a little/a little bit/little/little bit/a bit of/un poco/un poco de/un poquito/"
    "poco/poca/algo/a little of/a small amount of/half/half as much/la mitad/medio tanto",
    0.7: "somewhat/moderately/fairly/rather/pretty/a fair bit/moderate/moderadamente/relatively",
    1.3: "quite/quite a bit/noticeably/considerably/clearly/mas bien/notably/a good bit/"
    "a fair amount",
    1.5: "much/very/really/many/mucho/mucha/muchos/muchas/muy/strongly/strong/substantially/"
    "even more/significantly/big time/a good deal/a great deal/"
    "realmente/bien/so much/such/plenty of/loads of/bastante mas",
    1.7: "a lot/lots/lots of/a lot of/a whole lot/a whole lot of/way/far/super/heavily/tons of/"
    "a ton of/a ton/hugely/seriously/mega/an awful lot/an awful lot of/so so/incredibly/"
    "insanely/un monton/un monton de/"
    "loads/heaps of/muchisimo/muchisima/greatly/ton of/lot of/lot",
    2.0: "extremely/massively/twice/twice as/double/doubly/dramatically/drastically/totally/"
    "completely/as much as possible/radically/extreme/el doble/el doble de/extremadamente/"
    "sumamente/ridiculously/absurdly",
}
_PAIRS: tuple[tuple[str, str], ...] = (
    ("too little", "not enough"),
    ("too few", "not enough"),
    ("demasiado poco", "not enough"),
    ("demasiado pocos", "not enough"),
    ("muy poco", "not enough"),
    ("muy pocos", "not enough"),
    ("de ess", "less sibilance"),
    ("de essed", "less sibilance"),
    ("de esser", "less sibilance"),
    ("de essing", "less sibilance"),
    ("deess", "less sibilance"),
    ("deesser", "less sibilance"),
    ("de hum", "less hum"),
    ("de mud", "less mud"),
    ("de harsh", "less harsh"),
    ("de boom", "less boom"),
    ("de muddy", "less mud"),
    ("unmuddy", "less mud"),
    ("dont", "not"),
    ("isnt", "is not"),
    ("doesnt", "not"),
    ("not any", "no"),
    ("no tan", "not"),
    ("no tanto", "not"),
    ("not so", "not"),
    ("not so much", "not"),
    ("not as", "not"),
    ("not as much", "not"),
    ("not that", "not"),
    ("not quite", "not"),
    ("not much", "not"),
    ("not very", "not"),
    ("no muy", "not"),
    ("not really", "not"),
    ("not at all", "not"),
    ("without so much", "without"),
    ("brighten up", "brighter"),
    ("warm up", "warmer"),
    ("warm it up", "warmer"),
    ("brighten it up", "brighter"),
    ("fatten up", "fatter"),
    ("thin out", "thinner"),
    ("dull down", "duller"),
    ("open up", "open"),
    ("open it up", "open"),
    ("cut through", "bite"),
    ("filter out", "remove"),
    ("alone", ""),
    ("scooped mids", "scooped"),
    ("half the", "less"),
    ("more cutting", "more bite"),
    ("less cutting", "less bite"),
    ("too cutting", "too much bite"),
    ("scoop around", "dip around"),
    ("scoop at", "dip at"),
    ("too loud", "too much"),
    ("demasiado alto", "demasiado"),
    ("demasiado altos", "demasiado"),
    ("demasiado fuerte", "demasiado"),
    ("demasiado fuertes", "demasiado"),
    ("not loud enough", "not enough"),
    ("has no", "lacks"),
    ("have no", "lacks"),
    ("had no", "lacks"),
    ("got no", "lacks"),
    ("there is no", "lacks"),
    ("there are no", "lacks"),
    ("hardly any", "lacks"),
    ("barely any", "lacks"),
    ("hardly", "not enough"),
    ("nowhere near enough", "not enough"),
    ("not nearly enough", "not enough"),
    ("no tiene", "lacks"),
    ("no tienen", "lacks"),
    ("apenas tiene", "lacks"),
    ("apenas hay", "lacks"),
    ("apenas", "not enough"),
    ("no tiene suficiente", "not enough"),
    ("no tiene suficientes", "not enough"),
    ("no hay suficiente", "not enough"),
    ("no hay suficientes", "not enough"),
    ("sin tanto", "sin"),
    ("sin tanta", "sin"),
    ("not touch", "keep"),
    ("no toques", "keep"),
    ("no tocar", "keep"),
    ("two times", "2 times"),
    ("three times", "3 times"),
)
MOST_WORDS = 5
"""Longest small phrase, in words."""


@cache
def markers() -> dict[str, Marker]:
    """Return every small word or phrase with what it does."""
    table = {word: Marker(role) for role, words in _WORDS.items() for word in words.split("/")}
    for role, words in _VERBS.items():
        table |= {word: Marker(role, verb=True) for word in words.split("/")}
    for factor, words in _DEGREES.items():
        table |= {word: Marker(Role.DEGREE, factor) for word in words.split("/")}
    table |= {word: Marker(Role.WIDTH, 0.35) for word in ("narrow", "narrowly", "estrecho")}
    table |= {word: Marker(Role.WIDTH, 2.0) for word in ("wide", "broad", "broadly", "ancho")}
    return table


@cache
def rewrites() -> dict[str, str]:
    """Return phrases that stand for other words."""
    return dict(_PAIRS)
