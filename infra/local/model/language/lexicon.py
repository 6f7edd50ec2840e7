"""The words the parser knows: people, organisations, places, verbs, and words that carry no meaning."""

from __future__ import annotations


def _table(text: str) -> dict[str, tuple[str, str]]:
    made = {}
    for line in text.strip().splitlines():
        names, member, staff = (part.strip() for part in line.split("|"))
        for name in names.split(","):
            made[name.strip()] = (member, staff)
    return made


#: organisation → (who belongs to it or comes to it, who works for it)
ORGANISATIONS = _table(
    """
    harbour, harbor, port, marina | skipper | harbour office
    fire brigade, brigade, fire department, fire station | firefighter | brigade captain
    clinic, practice, surgery, medical centre | patient | clinic assistant
    hospital, ward | patient | ward nurse
    care home, nursing home, hospice | resident | carer
    pharmacy | customer | pharmacist
    school, secondary school, primary school, high school | pupil | teacher
    university, college, campus, faculty | student | lecturer
    kindergarten, nursery, daycare, day care, preschool | parent | educator
    library | reader | librarian
    museum, gallery, archive | visitor | curator
    theatre, theater, cinema | guest | box office
    orchestra, choir, band | musician | orchestra manager
    restaurant, cafe, café, bar, pub, canteen, bistro | guest | restaurant manager
    bakery | customer | baker
    hotel, hostel, guesthouse, campsite, resort | guest | receptionist
    farm, smallholding, orchard, ranch | farmer | farm manager
    vineyard, winery, brewery, distillery | grower | cellar manager
    garage, workshop, repair shop | customer | mechanic
    salon, barbershop, spa | client | stylist
    gym, sports club, club, association, society | member | club secretary
    church, parish, mosque, synagogue, temple, congregation | member | parish office
    shop, store, retailer, boutique, kiosk, supermarket | customer | shopkeeper
    warehouse, depot | picker | warehouse lead
    factory, plant, mill, manufacturer | machine operator | shift lead
    construction site, building site, construction company | site worker | site manager
    shipyard | shipwright | yard manager
    airport, airline | passenger | duty manager
    city, town, municipality, council, city council, local authority | resident | city officer
    village, neighbourhood, neighborhood, community, district, hamlet, island | resident | village council
    ministry, agency, authority, regulator, government | applicant | case officer
    police station, police | resident | duty officer
    court, tribunal | party | court clerk
    company, business, enterprise, firm, sme, smb, organisation, organization, corporation | employee | office manager
    startup, start-up, scale-up | founder | operations lead
    studio, agency studio, design studio | client | studio manager
    law firm, law office, notary | client | lawyer
    bank, credit union, lender | customer | loan officer
    insurer, insurance company | policyholder | claims handler
    charity, ngo, nonprofit, non-profit, foundation, food bank, shelter, animal shelter | volunteer | coordinator
    co-op, coop, cooperative, co-operative, guild, union | member | co-op office
    housing co-op, housing cooperative, housing association, condominium | resident | housing office
    landlord association, property manager | tenant | property manager
    team, squad, crew, department | team member | team lead
    family, household, home | family member | head of the household
    laboratory, lab, research group, institute | researcher | lab manager
    hackerspace, makerspace, coworking space, fab lab | member | space host
    zoo, aquarium, botanical garden, wildlife park | keeper | head keeper
    veterinary clinic, vet practice | pet owner | vet
    festival, venue, concert hall | visitor | festival office
    newsroom, publisher, magazine, newspaper | editor | desk editor
    call centre, call center, help desk, helpdesk | agent | team lead
    fleet, taxi company, bus company | driver | dispatcher
    kitchen, catering company | cook | kitchen manager
    allotment, allotment garden, community garden | gardener | garden committee
    utility, energy supplier, power company | customer | network planner
    office, bureau, committee | member | office manager
    scout group, youth club, youth centre | young member | group leader
    """
)

PEOPLE = frozenset(
    ["people", "person", "persons", "user", "customer", "client", "patient", "nurse", "doctor", "physician", "gp", "surgeon", "midwife", "therapist", "physiotherapist", "carer", "caregiver", "parent", "mother", "father", "mum", "dad", "child", "kid", "baby", "toddler", "teenager", "teen", "adult", "senior", "pensioner", "grandparent", "student", "pupil", "teacher", "tutor", "lecturer", "professor", "learner", "apprentice", "trainee", "intern", "mentor", "mentee", "coach", "trainer", "athlete", "runner", "cyclist", "swimmer", "player", "fan", "musician", "artist", "painter", "sculptor", "illustrator", "designer", "photographer", "writer", "author", "poet", "journalist", "editor", "translator", "interpreter", "reader", "developer", "programmer", "engineer", "scientist", "researcher", "analyst", "accountant", "bookkeeper", "auditor", "lawyer", "solicitor", "notary", "judge", "freelancer", "contractor", "consultant", "employee", "employer", "worker", "manager", "boss", "director", "founder", "entrepreneur", "investor", "donor", "sponsor", "volunteer", "neighbour", "neighbor", "resident", "citizen", "tenant", "landlord", "owner", "renter", "buyer", "seller", "vendor", "supplier", "merchant", "trader", "shopkeeper", "retailer", "baker", "butcher", "brewer", "winemaker", "chef", "cook", "waiter", "waitress", "farmer", "grower", "gardener", "beekeeper", "shepherd", "fisherman", "fisher", "skipper", "sailor", "captain", "pilot", "driver", "rider", "courier", "dispatcher", "mechanic", "plumber", "electrician", "carpenter", "roofer", "builder", "installer", "technician", "cleaner", "janitor", "caretaker", "tailor", "hairdresser", "barber", "stylist", "guest", "visitor", "tourist", "traveller", "traveler", "hiker", "climber", "camper", "host", "guide", "member", "colleague", "teammate", "recruiter", "candidate", "applicant", "jobseeker", "migrant", "refugee", "immigrant", "expat", "newcomer", "veteran", "soldier", "firefighter", "paramedic", "policeman", "officer", "inspector", "regulator", "official", "clerk", "councillor", "politician", "voter", "priest", "imam", "rabbi", "parishioner", "prisoner", "survivor", "widow", "orphan", "newlywed", "bride", "groom", "couple", "sibling", "friend", "stranger", "hobbyist", "amateur", "beginner", "professional", "expert", "specialist", "dentist", "optician", "pharmacist", "vet", "veterinarian", "dietitian", "nutritionist", "psychologist", "counsellor", "counselor", "caseworker", "social-worker", "librarian", "curator", "archivist", "historian", "collector", "dealer", "broker", "agent", "operator", "planner", "organiser", "organizer", "coordinator", "supervisor", "foreman", "secretary", "assistant", "receptionist", "treasurer", "teller", "influencer", "creator", "streamer", "podcaster", "blogger", "gamer", "mathematician", "statistician", "biologist", "chemist", "diver", "surfer", "skier", "snowboarder", "dancer", "singer", "actor", "dog-walker", "babysitter", "nanny", "diabetic", "celiac", "coeliac", "allergic", "expectant", "homeowner", "householder", "housekeeper", "motorist", "commuter", "passenger", "pedestrian", "forester", "ranger", "logger", "miner", "welder", "potter", "weaver", "knitter", "crafter", "maker", "repairer", "restorer", "tinkerer", "inventor", "learner", "novice", "junior", "senior", "executive", "woman", "man", "girl", "boy", "women", "men", "elderly", "folks", "grandmother", "grandfather", "grandma", "grandpa", "others", "somebody", "anyone", "everyone", "staff", "crew", "bidder", "lender", "borrower", "policyholder", "claimant", "adopter", "fosterer", "breeder", "handler", "keeper", "walker"]
)
PERSON_SUFFIXES = (
    "ist",
    "ian",
    "eer",
    "ologist",
    "smith",
    "wright",
    "keeper",
    "worker",
    "owner",
    "holder",
    "maker",
)
NOT_PEOPLE = frozenset(
    ["computer", "trailer", "paper", "water", "flower", "container", "printer", "scooter", "charger", "letter", "timber", "number", "order", "newsletter", "poster", "power", "weather", "butter", "beer", "tender", "voucher", "sticker", "shower", "river", "tower", "center", "centre", "theater", "theatre", "register", "ledger", "folder", "paper", "filter", "meter", "counter", "booster", "scanner", "server", "router", "planner", "tracker", "finder", "monitor", "sensor", "motor", "tractor", "error", "mirror", "harbor", "harbour", "door", "floor", "color", "colour", "odor", "odour", "corridor", "calendar", "dinner", "supper", "transfer", "offer", "cover", "winter", "summer", "corner", "cluster", "chapter", "matter", "layer", "buffer", "poster", "silver", "copper", "leather", "rubber", "fiber", "plaster", "burger", "butter", "pepper", "ginger", "cucumber", "feather", "cancer", "ulcer", "fever", "disorder", "career", "answer", "quarter", "master", "layover", "helicopter", "lumber", "sewer", "boiler", "dryer", "freezer", "cooker", "heater", "mower", "chair", "list", "artist-list", "waitlist", "checklist", "playlist", "wishlist", "shortlist", "pier", "tier", "fur"]
)

PLACES = frozenset(
    ["area", "region", "city", "town", "village", "suburb", "countryside", "valley", "mountain", "coast", "island", "country", "county", "district", "state", "province", "neighbourhood", "neighborhood", "street", "road", "park", "forest", "lake", "river", "africa", "asia", "europe", "america", "india", "germany", "france", "spain", "italy", "poland", "denmark", "norway", "sweden", "finland", "iceland", "greenland", "kenya", "nigeria", "ghana", "uganda", "tanzania", "rwanda", "ethiopia", "brazil", "mexico", "argentina", "chile", "peru", "colombia", "canada", "australia", "japan", "korea", "china", "vietnam", "indonesia", "philippines", "thailand", "portugal", "greece", "turkey", "ukraine", "romania", "hungary", "austria", "switzerland", "belgium", "netherlands", "ireland", "scotland", "wales", "england", "britain", "uk", "usa", "berlin", "london", "paris", "madrid", "lisbon", "vienna", "zurich", "lagos", "nairobi", "mumbai", "delhi", "tokyo"]
)

#: words for the product itself
PRODUCT_WORDS = frozenset(
    ["app", "apps", "application", "platform", "tool", "tools", "system", "systems", "software", "website", "site", "webapp", "web", "portal", "solution", "service", "product", "saas", "startup", "program", "programme", "assistant", "bot", "chatbot", "plugin", "extension", "dashboard", "suite", "engine", "hub", "network", "database", "manager", "companion", "helper", "idea", "project", "thing", "business", "mvp", "prototype", "marketplace", "exchange", "directory", "tracker", "planner", "finder", "scheduler", "organiser", "organizer", "calendar", "board", "store", "shop", "webshop", "e-shop", "software-as-a-service", "kit", "plattform", "anwendung", "webseite", "lösung", "plateforme", "aplicación", "aplicacion", "plataforma", "piattaforma", "applicazione", "sistema", "système", "aplicativo", "sovellus", "apparaat", "crm", "erp", "lms", "uber", "airbnb", "tinder", "netflix", "duolingo", "ebay", "etsy", "linkedin", "strava", "yelp", "kickstarter", "spotify", "shopify", "trello", "doodle", "craigslist", "github", "reddit"]
)
#: product words that say nothing about the kind of product
GENERIC = PRODUCT_WORDS - frozenset(
    ["marketplace", "exchange", "directory", "tracker", "planner", "finder", "scheduler", "calendar", "board", "store", "shop", "webshop", "dashboard", "manager", "organiser", "organizer", "e-shop"]
)

QUALIFIERS = frozenset(
    ["ai-powered", "ai-based", "ai-driven", "ai", "gpt-powered", "ml-powered", "smart", "intelligent", "automated", "automatic", "digital", "online", "mobile", "simple", "easy", "modern", "new", "innovative", "secure", "fast", "cheap", "affordable", "free", "open-source", "open", "small-scale", "cloud-based", "cloud", "web-based", "mobile-first", "decentralised", "decentralized", "blockchain", "blockchain-based", "blockchain-powered", "virtual", "real-time", "realtime", "local-first", "offline-first", "privacy-first", "low-cost", "no-code", "low-code", "user-friendly", "next-generation", "next-gen", "all-in-one", "one-stop", "end-to-end", "better", "best", "good", "great", "nice", "cool", "simple-to-use", "data-driven", "voice-controlled", "gamified", "personalised", "personalized", "peer-to-peer", "p2p", "b2b", "b2c", "on-demand", "interactive"]
)

STOP = frozenset(
    ["a", "an", "the", "and", "or", "but", "nor", "so", "yet", "for", "of", "in", "on", "at", "to", "from", "by", "with", "without", "within", "into", "onto", "over", "under", "between", "among", "through", "during", "before", "after", "until", "till", "since", "as", "than", "then", "that", "which", "who", "whom", "whose", "where", "when", "while", "why", "how", "what", "this", "these", "those", "it", "its", "they", "them", "their", "there", "here", "he", "she", "his", "her", "him", "we", "us", "our", "i", "my", "me", "you", "your", "is", "are", "was", "were", "be", "been", "being", "am", "do", "does", "did", "done", "has", "have", "had", "having", "can", "could", "will", "would", "shall", "should", "may", "might", "must", "not", "no", "yes", "if", "because", "although", "though", "however", "also", "too", "very", "really", "just", "only", "even", "still", "already", "often", "always", "never", "sometimes", "usually", "today", "tomorrow", "yesterday", "now", "soon", "later", "again", "more", "most", "less", "least", "much", "many", "few", "some", "any", "all", "each", "every", "both", "either", "neither", "other", "another", "such", "same", "own", "per", "via", "about", "around", "across", "against", "along", "like", "unlike", "let", "lets", "letting", "help", "helps", "helping", "allow", "allows", "allowing", "enable", "enables", "enabling", "make", "makes", "making", "want", "wants", "wanted", "need", "needs", "needed", "would-be", "get", "gets", "getting", "give", "gives", "giving", "keep", "keeps", "use", "uses", "using", "used", "able", "based", "built", "something", "anything", ",", "nothing", "everything", "someone", "anyone", "everyone", "nobody", "up", "down", "out", "off", "away", "back", "whether", "etc", "e.g", "i.e", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "first", "second", "third", "next", "last", "lot", "lots", "way", "ways", "thing", "things", "kind", "kinds", "sort", "bit", "im", "i'm", "we're", "we'd", "i'd", "it's", "don't", "doesn't", "can't", "cannot", "won't", "please", "build", "create", "develop", "design", "und", "oder", "für", "mit", "der", "die", "das", "den", "dem", "ein", "eine", "einen", "einer", "von", "zu", "im", "am", "auf", "ist", "pour", "le", "la", "les", "un", "une", "des", "du", "de", "et", "ou", "avec", "dans", "sur", "para", "el", "los", "las", "una", "con", "y", "o", "en", "por", "il", "lo", "gli", "per", "di", "e", "da", "del", "della", "che", "voor", "het", "een", "van", "og", "til", "med", "av"]
)
#: "for" in the languages the idea may be written in
FOR_WORDS = frozenset(["for", "für", "pour", "para", "per", "voor", "til", "dla", "pro", "för"])

_VERBS = {
    "create": """offer post list add record log register book reserve order request report submit upload create write
        apply donate sell lend rent invite sign enter capture scan plan schedule publish propose pledge buy hire
        document note declare file lodge raise photograph book-in draft measure pay fund sponsor ask bid vote rate
        review comment nominate suggest answer prescribe""",
    "transition": """confirm approve accept reject decline settle close complete assign check verify grade resolve
        cancel deliver ship dispatch triage match finish start collect return claim release issue transfer pick clear
        swap exchange trade repair fix mend inspect certify audit validate adopt rescue prepare process handle
        conduct perform visit treat diagnose teach tutor train coach mentor supervise translate interpret""",
    "search": """find search discover look browse see view read watch explore locate access get receive learn study practise get receive
        practice follow understand know consult""",
    "compare": "compare contrast benchmark",
    "summarise": """analyse analyze forecast predict monitor track visualise visualize calculate total count optimise
        optimize estimate reduce save improve budget balance reconcile""",
    "notify": """remind notify alert warn message chat contact tell talk communicate inform email call text ping
        connect meet share send recommend""",
    "export": "export download print hand",
    "update": "edit change update manage adjust correct organise organize edit revise coordinate maintain care split",
}
#: verb → kind of action it usually is in a product
VERBS: dict[str, str] = {verb: kind for kind, verbs in _VERBS.items() for verb in verbs.split()}
#: words that are a noun at least as often as a verb: a verb only behind a subject
ALSO_NOUNS = frozenset(
    ["offer", "post", "list", "record", "log", "book", "order", "request", "report", "rent", "sign", "plan", "schedule", "file", "note", "draft", "bid", "vote", "rate", "review", "comment", "answer", "check", "grade", "close", "ship", "match", "finish", "start", "claim", "release", "issue", "transfer", "swap", "exchange", "trade", "repair", "fix", "audit", "process", "search", "look", "view", "watch", "practice", "forecast", "track", "total", "count", "budget", "balance", "estimate", "alert", "message", "chat", "contact", "call", "text", "share", "export", "print", "hand", "change", "update", "care", "split", "visit", "train", "coach", "mentor", "tutor", "access", "study", "measure", "fund", "sponsor", "return", "pick", "treat", "email", "host", "benchmark", "document", "photograph", "lead"]
)

#: noun of an activity at the end of a compound: "expense tracking", "shift planning"
ACTIVITIES = frozenset(
    ["tracking", "planning", "sharing", "booking", "scheduling", "management", "monitoring", "trading", "rental", "matching", "learning", "tutoring", "teaching", "coaching", "mentoring", "training", "delivery", "ordering", "shopping", "selling", "lending", "renting", "hiring", "recruiting", "recruitment", "reporting", "logging", "reservation", "reservations", "registration", "exchange", "marketplace", "swap", "auction", "auctions", "subscription", "subscriptions", "directory", "finder", "search", "discovery", "crowdfunding", "fundraising", "donation", "donations", "budgeting", "accounting", "invoicing", "bookkeeping", "forecasting", "analytics", "analysis", "automation", "approval", "approvals", "compliance", "auditing", "audit", "inspection", "inspections", "inventory", "dispatch", "routing", "ticketing", "publishing", "feedback", "survey", "surveys", "triage", "intake", "consultation", "consultations", "counselling", "therapy", "practice", "tracker", "planner", "scheduler", "calendar", "board", "store", "shop", "webshop", "dashboard", "manager", "organiser", "organizer", "market", "trade", "e-shop", "adherence", "management-system", "administration", "coordination", "optimisation", "optimization", "assessment", "screening", "collection", "pooling", "finance", "financing", "comparison", "box", "boxes", "measurement", "detection", "diagnosis", "prediction", "claims", "handling", "network", "community", "forum", "club", "hub", "telemedicine", "telehealth", "telecare", "teleconsultation", "e-learning", "elearning", "microlending", "microcredit", "crowdlending", "crowdsourcing", "matchmaking", "dating", "reminders", "reminder", "alerts", "networking", "marktplatz", "börse", "markt", "co-ordination", "onboarding", "check-in", "surveillance", "rota", "roster"]
)
