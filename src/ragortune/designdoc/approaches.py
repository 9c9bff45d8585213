"""Where a sentence speaks of retrieval, of tuning or of doing without both, and whether of the model that answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from itertools import islice

from ragortune.designdoc.moods import mood_at
from ragortune.designdoc.wordings import compile_words, group_letters
from ragortune.record import Record
from ragortune.statements import Mood, Sentence, Zone


class Approach(StrEnum):
    """What a sentence can speak for or against."""

    RETRIEVAL = "retrieval"
    TUNING = "tuning"
    PLAIN = "plain"
    """Prompting, long context, tools, an agent opening files: nothing trained, no index."""


class Mention(Record):
    """Words about an approach at one place."""

    approach: Approach
    sentence: Sentence
    start: int
    end: int
    strong: bool
    """Whether the words name the approach itself, and not only a part that it needs."""
    mood: Mood

    @property
    def words(self) -> str:
        """The words themselves, in lower case."""
        return self.sentence.text[self.start : self.end].lower()


def _any_of(*words: str) -> str:
    return "|".join(words)


_TEXTS = group_letters(
    r"passages?|chunks?|documents?|articles?|sections?|clauses?|paragraphs?|pages?|snippets?|excerpts?|entries|descriptions?"
    r"|notes?|examples?|results|hits|evidence|context|records?|cases?|windows?|blocks?|fragments?|segments?|tickets?|questions|memories|replies|posts|reports?|letters?|e?mails?|facts|summaries|transcripts?|products?|tables|clips|pairs|rulings|precedents|recipes"
)
_TEXTS = f"(?:{_TEXTS})"
_SELECTED = _any_of(
    rf"(?:closest|nearest|matching|relevant|similar|retrieved|best-matching) (?:[\w-]+ ){{0,2}}{_TEXTS}",
    rf"{_TEXTS} (?:(?:that|which) match"
    r"|(?:that |which )?(?:the |our |its |an? )?(?:[\w-]+ ){0,2}(?:index|search|lookup|retriever|store) (?:returns?|returned|finds?|found|selects?)"
    r"|(?:that (?:are|were) |which are )?(?:retrieved|fetched|found by (?:the )?search))",
)
_TAKES = r"(?:given|gets?|reads?|sees?|receives?|placed|prepended|from|with|on|using|over|in|cites?|uses?)"

_NAMED_RETRIEVAL = _any_of(
    r"(?-i:(?<![A-Za-z0-9_])(?:[A-Z][a-z]*|[Aa]gentic-)?RAGs?(?![A-Za-z0-9_])(?!-(?:lite|like|style|free|less)\b))",
    r"\bretrieval[\s-]augmented\b",
    r"\bretrieval[\s-](?:first|based|grounded|driven)\b",
    r"\brag[\s-](?:pipeline|system|service|approach|architecture|app|application|chatbot|bot|stack|based|powered|design)s?\b",
    rf"\b{_TAKES} (?:[\w-]+ ){{0,4}}?(?:{_SELECTED})\b",
    rf"\b(?:{_SELECTED})[^.;:]{{0,40}} (?:puts?|places?|adds?|injects?|inserts?|passes) (?:them|these|it|those) (?:in|into|to)\b",
    r"\b(?:index|search|lookup)\b[^.;:]{0,30} (?:is|are) (?:added|put|placed|given|passed|inserted) (?:in)?to (?:the |its )?(?:prompt|context|model|llm)\b",
    r"\bpassages? (?:trouvés?|récupérés?)\b|\bgefundene[nr]? (?:Abschnitte|Passagen|Absätze)\b|\bfragmentos (?:recuperados|encontrados)\b",
    rf"\b(?:{_SELECTED}) (?:is |are |get )?(?:\w+ ){{0,2}}(?:put|placed|inserted|pasted|added|injected|prepended|given|passed|sent|go) (?:in|into|to|before)\b",
    r"\b(?:pass(?:es|ed|ing)?|feeds?|fed|inject(?:s|ed|ing)?|inserts?|prepend(?:s|ed)?|adds?|gives?|hands?) (?:the )?(?:[\w-]+ ){0,4}(?:passages?|chunks?|documents?|articles?|sections?|clauses?|hits|results|snippets?|evidence|examples) (?:\w+ ){0,3}(?:to|into) (?:the |its |an? )?(?:\w+ )?(?:generator|model|llm|prompt|context|gpt\S*|claude)\b",
    r"\b(?:chose|choose|chosen|use|using|uses|via|through|selected|prefer|adopt|decided (?:for|on)) retrieval\b",
    r"\b(?:fetched|pulled|retrieved|selected|drawn|looked up|taken|found) (?:from|in|by|via|through|with) (?:the |a |our |an )?(?:[\w-]+ ){0,2}(?:vector|semantic|hybrid|embeddings?|knowledge|search|example|document|chroma|qdrant|pinecone|faiss|pgvector|weaviate|lancedb|milvus)[\s-](?:\w+ )?(?:index|store|database|db|search|base)\b",
    rf"\b(?:{_SELECTED})[^.;:]{{0,40}} (?:are|is|get|were) (?:\w+ ){{0,2}}(?:retrieved|fetched|looked up|found|selected|searched)\b",
    r"\bfile[_ ]search (?:tool|api|over|on|with|enabled)\b|\bwith file[_ ]search\b|\b(?:bedrock )?knowledge bases? (?:for|with|on) (?:amazon )?bedrock\b|\bbedrock knowledge bases?\b",
    r"\b(?:comes?|taken|supplied|provided|served|delivered|obtained) (?:\w+ )?(?:from|through|by|via) retrieval\b|\bretrieval (?:over|from|across|against) (?:the|our|its|all|an?)\b",
    r"génération augmentée",
    r"generación aumentada",
    r"erişim(?:le)? (?:destekli|artırılmış)",
    r"检索增强",
)
_RETRIEVAL_PARTS = _any_of(
    r"\bvector(?:ized|ised)?[\s-](?:stores?|databases?|dbs?|search(?:es)?|index(?:es)?|indices|similarity|retrieval|embeddings?|representations?|lookup)\b",
    r"\bvectorstore\b",
    r"\bsemantic[\s-](?:search|retrieval|index|similarity)\b",
    r"\bembedding(?:s|[\s-]models?)?\b",
    r"\b(?:text-embedding-\w+(?:-\w+)?|ada-002|bge-[\w.-]+|e5-[\w-]+|gte-[\w-]+|nomic-embed\S*|all-minilm\S*|voyage-\w+|jina-embeddings\S*|mxbai-\S+)",
    r"\b(?:pgvector|faiss|chroma(?:db)?|qdrant|pinecone|lancedb|weaviate|milvus|pgvectorscale|sqlite-v(?:ec|ss)|hnswlib|usearch|turbopuffer|vespa|marqo|deep ?lake|zilliz|vald|kendra|glean|amazon q|vertex ai search|file[_ ]search)\b|\bpassages? (?:come|comes|are taken|are drawn)\b",
    r"\bhybrid[\s-](?:search|retrieval)\b",
    r"\b(?:document|passage|chunk|first-stage|context|knowledge|two-stage|dense|sparse|lexical|keyword)[\s-]retrieval\b",
    r"\bretriev(?:es?|ed|ing|al of) (?:the |only |any )?(?:most |top[\s-]?\w* )?(?:relevant|matching|similar|nearest|related|supporting|top|exact|chunks?|passages?|documents?|context|articles?|sections?|snippets?|evidence|records?|examples?|pages?)\b",
    r"\btop[\s-]?[kn\d]+ (?:\w+ )?(?:chunks?|passages?|documents?|results?|snippets?|articles?|matches)\b",
    r"\bretrieved (?:\w+ )?(?:chunks?|passages?|documents?|context|snippets?|content|sections?|articles?|evidence)\b",
    r"\b(?:knowledge[\s-]bases?|document index|search index|index(?:ed)? (?:documents?|passages?|chunks?|articles?|corpus))\b",
    r"\bchunk(?:s|ed|ing)\b",
    r"\blooks? up (?:the )?(?:\w+ ){0,2}(?:similar|matching|relevant|nearest)\b|\bembed (?:job|step|the|each|all|our|articles|questions|documents|chunks|passages|pages|tickets)\b",
    r"\b(?:pages|documents|articles|files|manuals?|docs|sources|tickets) (?:are |get |is |were )?(?:\w+ )?(?:re-?)?indexed\b|\b(?:re-?)index(?:es)? (?:changed|new|updated) (?:pages|documents|articles|files|docs)\b",
    r"\bre-?embed\w*|\brecall@\w+|\btop_k\b",
    r"\b(?:stores?|keeps?|writes?|saves?) (?:the |all |their )?(?:vectors|embeddings)\b|\b(?:splits?|cuts?) (?:[\w-]+ ){1,3}into (?:[\w-]+ ){0,2}(?:chunks|passages)\b",
    r"\bembeds\b|\b(?:is|are|were|get|gets|being) (?:\w+ )?embedded\b(?! (?:in|into)\b)",
    rf"\b(?:closest|nearest|matching|most relevant|most similar|top \w+) (?:[\w-]+ )?{_TEXTS}\b",
    r"\banswers? (?:\w+ ){0,3}(?:from|out of|over|using) (?:[\w-]+ ){0,6}(?:index|library|corpus|articles?|documents|passages|paragraphs|sections|pages|manuals?|handbook|wiki|knowledge base|confluence|sharepoint|notion|intranet|help (?:centre|center)|docs)\b",
    r"\b(?:turned|converted|mapped|encoded) (?:in)?to (?:an? |dense )?vectors?\b",
    r"\bground(?:s|ed|ing)? (?:[\w-]+ ){0,4}(?:in|on)\b",
    r"\bindex(?:es|ed)? (?:the|all|our) (?:[\w-]+ ){0,2}(?:pages|documents|articles|files|manuals?|wiki|corpus)\b",
    r"\bsearch(?:es|ed)? (?:the |our |a )(?:[\w-]+ ){0,2}(?:library|index|corpus|store|documents?|docs|manuals?|wiki|articles?|archive|handbook)\b",
    r"\bretriev(?:al|e|es|ed|er|ers|ing)\b",
    r"\b(?:passages?|articles?|documents?|paragraphs?|sections?) (?:that |which )?(?:are |is )?(?:found|fetched|looked up|searched)\b",
    r"\bre-?rank(?:ers?|ing|s|ed)?\b",
    r"\b(?:bm25|tf-?idf|hnsw|k-?nn|opensearch|elasticsearch|azure ai search)\b",
    r"\b(?:vektor(?:datenbank|suche|speicher)|búsqueda (?:vectorial|semántica)|recherche (?:vectorielle|sémantique)|vektör (?:arama|veritabanı))\b",
    r"向量|嵌入|知识库|检索",
)
_NAMED_TUNING = _any_of(
    r"\bfine[\s-]?tun(?:e|ed|es|ing|able)\b",
    r"(?-i:\b[Qq]?(?:LoRA|lora|LORA)s?\b)",
    r"\b(?:peft|rlhf|orpo|grpo|dora)\b",
    r"(?-i:\b(?:SFT|DPO|KTO)\b)",
    r"\b(?:instruction|preference|adapter|supervised)[\s-]tun(?:e|ed|ing)\b",
    r"\b(?:knowledge |model )?distil(?:s|l|ls|led|ling|lation)?\b",
    r"\bcontinued? pre-?training\b",
    r"\bdomain[\s-]adapt\w+ (?:pre-?training|model)\b",
    r"\btuned (?:[\w.-]+ )?(?:model|adapter|checkpoint|weights|llm)s?\b|\btuned (?:gpt|llama|qwen|mistral|gemma|phi)",
    r"\bince ayar\w*|\bajuste fino\b|\bafinamiento\b|\bfeinabstimm\w+|\bfeinjustier\w+|\bnachtrainier\w+|\baffinage\b|微调|精调",
)
_TUNING_PARTS = _any_of(
    r"\b(?:re)?train(?:s|ed|ing)? (?:a|an|our|the|its|one|new|their|your|small|custom|own)?\s?(?:[\w.-]+ ){0,3}(?:llms?|language models?|adapters?|checkpoints?|base model|student|model)\b",
    r"\b(?:lora|trained|our|own|custom|the|model) adapters?\b|\badapters? (?:is |are |was |were )?trained (?:on|with|from)\b",
    r"\btun(?:e|es|ing) (?:an? |the |our )(?:\w+ )?(?:model|adapter|llm)\b",
    r"\bcustom[\s-]trained\b|\btrained weights\b",
)
_MODEL_NAME = r"(?:llms?|model|gpt\S*|claude|gemini|llama|mistral|haiku|sonnet|opus|deepseek\S*|qwen\S*|gemma\S*|grok|o[134](?:-mini)?)"
_NAMED_PLAIN = _any_of(
    r"\bprompt(?:ing)?[\s-](?:only|alone|engineering|based)\b",
    r"\b(?:plain|simple|pure|better|careful|structured) prompt(?:s|ing)?\b",
    r"\b(?:few|zero|one|many)[\s-]shot\b",
    r"\bin[\s-]context (?:learning|examples?)\b",
    r"\blong[\s-]context\b|\bcontext[\s-]stuffing\b",
    r"\b(?:entire|whole|full|complete|all(?: of)?(?: the| our)?) (?:[\w-]+ ){0,4}(?:in|into|inside) (?:the |every |each |a |one |its )?(?:system )?(?:prompt|context)\b",
    r"\b(?:documents?|files?|texts?|contracts?|transcripts?|manuals?|pages?) (?:is |are )?(?:\w+ ){0,2}(?:given|sent|passed|shown) to (?:\w+ ){1,3}(?:in full|whole|entire)\b|\bread(?:s)? (?:\w+ ){1,3}(?:in full|whole)\b",
    r"\b(?:with|using|runs?) (?:rip)?grep\b|\bgreps\b|\bgrep (?:and|the|for|logs|over)\b|\b(?:opens?|reads?|lists?|browses?) (?:the )?files\b",
    r"\b(?:keep|stay with|stick (?:to|with)) (?:the |a |our )?prompt(?:ing)?\b(?! within)|\bprompted (?:\w+)\b",
    r"\bfocused prompts?\b|\bprompts? (?:\w+ ){0,2}(?:includes?|carr(?:y|ies)|holds?) (?!retriev)\w+",
    r"\b(?:generates?|writes?|produces?|emits?|returns?) (?:the |an? |safe |single |one |read-only |valid |postgres(?:ql)? |sqlite |snowflake |bigquery |sql |graphql |parameteri[sz]ed )*(?:sql|cypher|sparql|(?<=sql )quer(?:y|ies)|(?<=cypher )quer(?:y|ies))\b|\bsql (?:generation|agent)\b|\bgenerated sql\b",
    r"\bexamples? in (?:the|every|each|its) prompt\b|\bprompt \w{1,3} with (?:\w+ ){0,2}examples\b|\b(?:guide|labels|rules|examples|instructions|schema) in the prompt\b",
    rf"\b(?:paste|put|send|load|pass|feed|stuff|give|hand|submit)(?:s|es)? (?:the |our |its |an? |each )?(?:whole|entire|full|complete) (?:[\w-]+ ){{1,3}}(?:\([^()]{{0,40}}\) )?(?:in|into|to|with) (?:the |an? )?{_MODEL_NAME}",
    r"\b(?:goes|go|stands?|(?:is|are) (?:sent|passed|placed|included|loaded|pasted|put|given)|sent|passed|placed|pasted|loaded|put) (?:\w+ ){0,3}(?:in|into|inside|with) (?:the |every |each |a |one |its )?(?:system )?(?:prompt|context|question|request)\b",
    r"\bnothing (?:is |needs to be |to be |has to be )?(?:retrieved|trained|to retrieve|to train)\b",
    r"\bcalls? (?:the )?(?:[\w-]+ ){0,2}(?:tools?|apis?)\b|\bwith (?:\w+ ){0,2}tools\b",
    r"\b(?:zero|few)-shot classif\w+|\bone (?:llm )?call per\b",
    r"\bfits? (?:comfortably |easily |entirely |whole )?(?:in|into|inside|within) (?:the |every |each |a |one )?(?:\w+ )?(?:prompt|context)\b",
    r"\b(?:text|nl|natural language)[\s-]?(?:to|2)[\s-]?sql\b",
    r"\b(?:function|tool)[\s-](?:calls?|calling|use|using)\b",
    r"\bprompt[\s-]caching\b|\bcached prompt\b",
    r"\bagents? (?:that |which |then |simply )?(?:reads?|opens?|navigates?|greps?|browses?|lists?|loads?)\b",
    r"\b(?:agentic|file|structured|index-first|wiki) (?:file )?(?:navigation|reading|exploration)\b",
    r"\bprompting (?:and|plus|with|\+) (?:few-shot |tools?|examples?|function)\w*\b",
    r"提示词|少样本|长上下文",
)
_PLAIN_PARTS = _any_of(
    r"\bsystem[\s-]prompts?\b",
    r"\bprompt[\s_-](?:templates?|builders?|files?|chains?|library)\b",
    r"\bstructured (?:json )?(?:outputs?|instructions)\b|\bjson schema\b|\bconstrained (?:json )?(?:output|decoding)\b|\bstructured json\b|\bpydantic\b|\bas json\b",
    r"\bmodelfile\b",
    r"\b(?:build|builds|building|assembles?|composes?) (?:the |a |an |each )?(?:\w+ ){0,2}prompts?\b",
    rf"\b{_MODEL_NAME} (?:[\w.]+ ){{0,2}}?(?:receives?|returns?|gets|is (?:given|asked|prompted|called|told|shown)|splits?|composes?|replies|translates?|decides?|generates?|writes?|extracts?|classif(?:y|ies)|summari[sz]es?|produces?|drafts?|plans?|picks?|scores?|rates?|reads|reviews|answers|turns|fills|proposes|suggests|explains|rewrites|labels|tags|grades|judges|routes|parses|selects|chooses|ranks|checks|converts)\b",
    r"\b(?:input|whole|full|entire) context\b",
    r"\b(?:planner|worker|writer|critic|router|supervisor|judge|reviewer) (?:llms?|agents?)\b|\bweb search\b|\bbrowses? the web\b|\bsearch api\b",
    r"\b(?:generated|written|produced|drafted|extracted|translated) (?:by|with) (?:an? |the )?(?:local |hosted |large )?(?:llm|language model|gpt\S*|claude|gemini|llama|mistral)",
    r"\b(?:ask|asks|asking|instructs?|prompts|tells?) (?:the |an? )?(?:llm|language model|model|gpt\S*|claude|gemini|llama|mistral) (?:for|to|which|whether)\b",
    r"\b(?:back|returned|handed|passed|fed) to (?:the |an? )?(?:llm|language model|model|gpt\S*|claude|gemini)\b|\b(?:llm|batch(?:ed)? llm|model) (?:requests?|calls?)\b",
    r"\bprompts? (?:[A-Z0-9]{1,2} )?(?:was|were|is|are) (?:\w+ )?(?:run|tested|compared|evaluated|versioned|reviewed|scored)\b|\bprompts stay\b|\bfills? (?:the |an? |each )?(?:\w+ )?template\b",
    r"\b(?:repair|retry|base|review|extraction|classification|summary|scoring|planning|judge|follow-up|correction|generation) prompts?\b",
    r"\bsmall enough for (?:the |one |a )?(?:prompt|context)\b",
    r"\b(?:one|single|two|second|each|every) (?:llm |model |api )?(?:call|prompt)\b",
    r"\b(?:send|sends|sent|passes|passed|feeds?|fed) (?:\w+ ){0,4}to (?:the |an? )?(?:llm|model|gpt\S*|claude|gemini|openai)\b",
)

_PATTERNS = (
    (
        Approach.RETRIEVAL,
        True,
        (
            "rag retriev closest nearest match relevant similar search index lookup store fetch augment generator prompt model llm"
            " context gpt claude erişim 检索"
        ),
        _NAMED_RETRIEVAL,
    ),
    (
        Approach.RETRIEVAL,
        False,
        (
            "retriev vector vekt vetor embed semanti hybrid closest nearest match relevant similar top search index knowledge chunk"
            " rank ground answer look found fetch ada bge gte nomic minilm voyage jina mxbai e5 sqlite usearch turbop vespa marqo lake zilliz kendra glean amazon vertex file passage pgv faiss chroma qdrant pinecone lancedb weaviate milvus bm25 idf hnsw nn 向 嵌 知 检"
        ),
        _RETRIEVAL_PARTS,
    ),
    (
        Approach.TUNING,
        True,
        "tun lora peft rlhf orpo grpo dora sft dpo kto distil train adapt ayar fino afina fein affin 微调 精调",
        _NAMED_TUNING,
    ),
    (Approach.TUNING, False, "train tun adapter", _TUNING_PARTS),
    (
        Approach.PLAIN,
        True,
        (
            "prompt shot context sql tool function agent navigat files grep nothing call full whole entire question request"
            " enough 提示 少样 长上"
        ),
        _NAMED_PLAIN,
    ),
    (
        Approach.PLAIN,
        False,
        (
            "prompt output schema json decoding modelfile llm model gpt claude gemini llama mistral context agent web search call"
            " enough sql pydantic openai haiku sonnet opus deepseek qwen gemma grok o1 o3 o4 template"
        ),
        _PLAIN_PARTS,
    ),
)
"""Each with words without which it cannot match: to look for them costs a tenth of the pattern."""
_COMPILED = tuple(
    (approach, strong, tuple(signs.split()), compile_words(pattern))
    for approach, strong, signs, pattern in _PATTERNS
)

_TRAFFIC_LIGHT = re.compile(
    r"\bRAG[\s-](?:status|rating|ratings|statuses|column|report|indicator|dashboard|colou?rs?|value|rated|assessment)\b|\b(?:status|rating|rated) RAG\b|\bamber\b",
    re.IGNORECASE,
)
_TUNED_PART = re.compile(
    r"(?:embedding|rank\w*|encoder|retriever)s?(?: models?)? fine[\s-]?tun|fine[\s-]?tun\w+ (?:of )?(?:the |an? |our )?(?:\w+ )?(?:embedding|re-?rank|encoder|retriever)",
    re.IGNORECASE,
)
_TOOL_RETRIEVAL = re.compile(
    r"\b(?:tools?|skills?|plugins?|apis?|functions?|commands?)[\s/-]+(?:\w+[\s/-]+)?(?:rag|retriev\w*|search)\b|\b(?:rag|retriev\w+)\s+(?:is |used |over |of |for |to filter |to select |the |right |correct |candidate )*(?:tools?|skills?|plugins?|functions?)\b",
    re.IGNORECASE,
)
_OTHER_OBJECT = re.compile(
    r"\W{0,3}(?:(?:the|our|its|your|their|these|this|those|how|when|a|an|of|all|some|each|any|for|further) ){0,3}(?:[\w-]+ ){0,2}?(?:parameters?|hyper\w*|settings?|frequenc\w+|thresholds?|chunk\w*|prompts?|retriev\w+|search|rank\w*|quer(?:y|ies)|alerts?|alerting|config\w*|schedul\w+|timeouts?|cach\w+|layout|lints?|network\w*|monitor\w*|polic(?:y|ies)|permissions?|access|rules?|scor\w+|intervals?|limits?|timing|latency|reactiv\w+|granularity|experience|ui|indexes|index|boosts?|weights? (?:of|for)|resources?|autoscal\w+|data exchange|process\b|workflows?|animations?|top[\s-]?k)\b",
    re.IGNORECASE,
)
_VERB = re.compile(r"fine[\s-]?tune[ds]?$|finetune[ds]?$", re.IGNORECASE)
_DETERMINED = re.compile(r"\s+(?:the|our|its|their|these|those|each|every|his|her)\b", re.IGNORECASE)
_MODEL_LIKE = re.compile(
    r"models?\b|\bllms?\b|adapter|weights|checkpoint|network|transformer|bert\b|gpt|llama|qwen|mistral|gemma|phi-|generator|planner|summari[sz]er|classifier|student|\bbase\b|encoder|rank|embedd|\d+ ?b\b|examples|pairs|lora",
    re.IGNORECASE,
)
_NOUN_OBJECT = re.compile(
    r"\W{0,2}(?:the |of (?:the |our )?)?(?:retrieval |search |prompt |query |chunk\w* |rag )?(?:parameters?|hyper\w*|settings?|knobs?|prompts?|thresholds?|chunk\w*|retrieval|search|ranking)\b",
    re.IGNORECASE,
)
_COMPONENT = compile_words(
    r"\bembedd(?:ings?|ers?)\b|\bre-?rank\w*|\b(?:cross|bi)[\s-]?encoders?\b|\bretrievers?\b|\bguardrails?\b|\bsafety\b|\bmoderation\b|\btoxicity\b|\basr\b|\bwhisper\b|\bspeech\b|\btranscri\w+|\bocr\b|\bner\b|\bentity\b|\bentities\b|\blayout\b|\bvision\b|\bimages?\b|\bresnet\w*|\befficientnet|\bcnns?\b|\b(?:bi-?)?lstms?\b|\brnns?\b|\bgru\b|\bxgboost\b|\blightgbm\b|\bcatboost\b|\byolo\w*|\bvgg\w*|\bmobilenet\w*|\bu-?net\b|\barima\b|\bprophet\b|\btime[\s-]series\b|\bbild(?:er|ern|erkennung)\b|\bimágenes\b|\bgörüntü\w*|\bses tanıma|\bkonuşma tanıma|\bspracherkennung|\breconocimiento de|\breconnaissance|图像|语音|\bdetector\b|\btts\b|\bintent\b|\bsplade\b|\bcolbert\b|\bgliner\w*|\bsentence[\s-]transformers?\b|\bquery rewriter\b",
)
_ANSWERER = re.compile(
    r"\bllms?\b|\blanguage models?\b|\bgenerat(?:or|ion model|ive)\b|\bchat model\b|\breason(?:er|ing)\b|\bcot\b|\b(?:answer|response)\w* model\b|\bllama|\bqwen|\bmistral|\bgemma|\bgpt|\bphi-|\bplanner\b|\b\d+b\b|\bassistant model\b|\bbase model\b",
    re.IGNORECASE,
)
_PREFERRED = re.compile(
    r"(?:rag|retriev\w*|generation\)?|tun\w+|lora|prompt\w*|context|search|model|approach)\W{0,3} over (?:a |an |the |full |model |llm |pure |plain )*$",
    re.IGNORECASE,
)
_BALANCED = re.compile(
    r"\bneither\b.{3,80}\bnor\b.{3,80}\b(?:better|best|superior|worse|sufficient|enough|silver bullet|right|perfect|replaces?|a replacement)\b",
    re.IGNORECASE,
)
"""Says that both have their place, and rejects neither."""
_COMPARED = re.compile(r"^\W{0,4}(?:vs\.?|versus|compared (?:to|with)|or)(?=\W)", re.IGNORECASE)
_SWITCHED_OFF = re.compile(
    r"\b(?:disabled|inactive|switched off|turned off|stubbed|mocked|unused)\b[^.;:]{0,40}$"
    r"|\b(?:retire[sd]?|retiring|stop(?:s|ped|ping)?|quit|no longer|remov(?:e|es|ed|ing)|sunset|decommission\w*|phas(?:e|es|ed|ing) out|mov(?:e|es|ed|ing) away from"
    r"|migrat\w+ off|get rid of)\b(?:(?! and | to | for | in favou?r)[^.;:]){0,40}$",
    re.IGNORECASE,
)
_OTHERS = re.compile(
    r"\b(?:competitors?|rivals?|other (?:teams|companies|vendors|products|projects|groups)|others|many teams|some teams|(?:the |a |some |most |recent )?papers? (?:that |which )?(?:shows?|reports?|finds?|found|suggests?|claims?|uses?|used|compares?|proposes?)|the authors|et al)\b",
    re.IGNORECASE,
)
_GIVEN_UP = re.compile(
    r"\b(?:so|but|and|until|then|,) (?:we|it was|they were|this was|was|were) (?:\w+ )?(?:stopped|gave up|given up|abandoned|dropped|reverted|rolled back|moved away|retired|discontinued|removed)\b|\bis no longer\b|\b(?:and|but|then) (?:dropped|abandoned|removed|rejected|reverted|discarded) (?:it|them|this|that)\b",
    re.IGNORECASE,
)
_VERSUS = re.compile(r"\bvs\.?(?=\W)|\bversus\b|\bcompar", re.IGNORECASE)
_QUESTION = re.compile(
    r"^\W*why (?:we |do we |did we )?(?:use |chose |choose |need |picked )?", re.IGNORECASE
)
_ADVICE = re.compile(r"\b(?:you|your(?! own)|you[’']re|you[’']ll|yours)\b", re.IGNORECASE)
_PERSONA = re.compile(r"\W*(?:you are (?:an?|the) \w+|your (?:job|task|role|goal) is)\b", re.IGNORECASE)
"""The first words of a system prompt, which speak to a model."""
_OURS = re.compile(
    r"\b(?:we|our|ours|us|i|my|this (?:repo|repository|project|system|service|schema|application|app|design|adr))\b",
    re.IGNORECASE,
)
_CORE = re.compile(
    r"retriev|vector|index|embedding|knowledge base|semantic|amazon q|kendra|glean|ai search|file.search"
)
_NEAR = 60
_MOST_MENTIONS = 6
"""Of one kind in one sentence; more says no more."""


def find_mentions(sentence: Sentence) -> Iterator[Mention]:
    """Yield what a sentence says about the approaches, other senses of the words left out."""
    if sentence.zone is Zone.CODE:
        return
    text = sentence.text
    lowered = text.lower()
    taken: list[tuple[int, int]] = []
    for approach, strong, signs, pattern in _COMPILED:
        if not any(map(lowered.__contains__, signs)):
            continue
        for found in islice(pattern.finditer(text), _MOST_MENTIONS):
            start, end = found.span()
            if any(first < end and start < last for first, last in taken[-4:]):
                continue
            taken.append((start, end))
            if _means_approach(approach, text, start, end):
                yield Mention(approach, sentence, start, end, strong, _read_mood(sentence, start, end))


def _means_approach(approach: Approach, text: str, start: int, end: int) -> bool:
    """Tell whether words mean the approach, and for the model that answers."""
    near = text[max(0, start - _NEAR) : end + _NEAR]
    if approach is Approach.RETRIEVAL:
        if _TUNED_PART.search(text, start, end + _NEAR // 3) or _TUNED_PART.search(
            text, max(0, start - _NEAR // 3), end
        ):
            return False
        return not _TRAFFIC_LIGHT.search(near) and not _TOOL_RETRIEVAL.search(near)
    if approach is Approach.PLAIN:
        return True
    if _VERB.search(text, start, end) and (
        _OTHER_OBJECT.match(text, end) or (_DETERMINED.match(text, end) and not _MODEL_LIKE.search(near))
    ):
        return False
    if _NOUN_OBJECT.match(text, end):
        return False
    close = text[max(0, start - _NEAR // 2) : end + _NEAR // 2]
    return not _COMPONENT.search(close) or bool(_ANSWERER.search(close))


def _read_mood(sentence: Sentence, start: int, end: int) -> Mood:
    """Return the mood of a mention: to prefer one approach over another, or to have given it up, negates it."""
    text = sentence.text
    before, after = text[max(0, start - 2 * _NEAR) : start], text[end : end + 2 * _NEAR]
    if _PREFERRED.search(before) or _SWITCHED_OFF.search(before[-_NEAR:]) or _GIVEN_UP.search(after):
        return Mood.NEGATED
    if _COMPARED.match(after) or _OTHERS.search(before) or speaks_to_reader(sentence):
        return Mood.HYPOTHETICAL
    if _BALANCED.search(text, max(0, start - 2 * _NEAR), end + 4 * _NEAR):
        return Mood.HYPOTHETICAL
    asked = _QUESTION.match(text)
    mood = mood_at(sentence, start, end)
    if mood is Mood.HYPOTHETICAL and asked and asked.end() >= start - 4 and text.rstrip().endswith("?"):
        return Mood.AFFIRMED
    return mood


def compares_alike(mentions: Iterable[Mention]) -> bool:
    """Tell whether words compare ways of one approach only, such as `LoRA vs full fine-tuning`."""
    listed = list(mentions)
    return (
        len({m.approach for m in listed}) == 1
        and len(listed) > 1
        and bool(_VERSUS.search(listed[0].sentence.text))
    )


def is_core(mention: Mention) -> bool:
    """Tell whether words name what retrieval cannot do without, so that to deny them denies retrieval."""
    searched = mention.approach is Approach.RETRIEVAL and bool(_CORE.search(mention.words))
    return mention.strong or searched or mention.approach is Approach.TUNING


def speaks_to_reader(sentence: Sentence) -> bool:
    """Tell whether a sentence advises its reader and does not speak about the project."""
    text = sentence.text
    return bool(_ADVICE.search(text)) and not _OURS.search(text) and not _PERSONA.match(text)
