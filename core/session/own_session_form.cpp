// Our own sessions, and the export of the Python library, which is their version 0.
#include <algorithm>
#include <cmath>

#include "core/session/factored_data.h"
#include "core/session/packed_weights.h"
#include "core/session/session_forms.h"
#include "core/session/session_keys.h"
#include "core/session/upgrades.h"

namespace attnviz {
namespace {

bool saysFormat(const JsonOutline& outline) {
    const JsonMember* format = outline.find("format");
    std::string name;
    return format && outline.scannerAt(format->raw).readString(name) && name == kSessionFormat;
}

// What the Python library wrote: all of these keys, and no format.
bool isPredecessors(const JsonOutline& outline) {
    const auto has = [&](std::string_view key) { return outline.find(key) != nullptr; };
    return !has("format") && has("tokens") && has("num_layers") && has("num_heads") &&
           has("sequence_length") && has("attention_weights");
}

bool claims(const OpenedFile& file) {
    return file.json && file.json->isObject && (saysFormat(*file.json) || isPredecessors(*file.json));
}

Result<std::int64_t> readVersion(const JsonOutline& outline) {
    if (!saysFormat(outline)) return std::int64_t{0};
    const JsonMember* member = outline.find("version");
    if (!member) return badInput("the session has no \"version\"", outline.where);
    JsonScanner scanner = outline.scannerAt(member->raw);
    std::int64_t version = 0;
    if (!scanner.readInteger(version)) return scanner.error();
    if (version < 1)
        return badInput("the session's version is " + std::to_string(version) + ", which never was",
                        outline.where);
    if (version > kSessionVersion)
        return unsupported("the session has version " + std::to_string(version) +
                               ", this program reads up to version " + std::to_string(kSessionVersion),
                           outline.where, "Open it with a newer Attention Viz.");
    return version;
}

bool readOptional(JsonScanner& scanner, std::optional<std::int64_t>& out) {
    std::int64_t value = 0;
    if (!scanner.readInteger(value)) return false;
    out = value;
    return true;
}

bool readMember(JsonMember& member, JsonScanner& scanner, SessionDocument& document) {
    const std::string& key = member.key;
    Session& session = document.session;
    if (key == "format" || key == "version" || key == "statistics") return true;
    if (scanner.peek() == JsonKind::null) return true;
    if (key == "text") return scanner.readString(document.text);
    if (key == "tokens") return readLabels(scanner, document.labels);
    if (key == "model_name") return scanner.readString(document.modelName);
    if (key == "num_layers") return readOptional(scanner, document.layers);
    if (key == "num_heads") return readOptional(scanner, document.heads);
    if (key == "sequence_length") return readOptional(scanner, document.length);
    if (key == "attention_weights") {
        if (!member.weights) return scanner.fail("\"attention_weights\" are no nested lists of numbers");
        document.weights = std::move(member.weights);
        return true;
    }
    if (key == "sequences") return readSequences(scanner, document.sequences);
    if (key == "attentions") return readAttentions(scanner, document.attentions);
    if (key == "model") return readModel(scanner, document.model);
    if (key == "predictions") return readPredictions(scanner, document.predictions);
    if (key == "view") return session.view = member.raw, true;
    if (key == "notes") return scanner.readString(session.notes);
    if (key == "created") return scanner.readString(session.created);
    if (key == "generator") return scanner.readString(session.generator);
    return true;
}

Result<SessionDocument> readDocument(OpenedFile& file) {
    SessionDocument document;
    document.where = file.path.string();
    auto version = readVersion(*file.json);
    if (!version) return version.error();
    document.version = *version;
    for (JsonMember& member : file.json->members) {
        JsonScanner scanner = file.json->scannerAt(member.raw);
        // In the library's files, later keys of ours are its owner's own.
        if (!isSessionKey(member.key) || (document.version == 0 && !isCompatibleKey(member.key)))
            document.session.unknownKeys.emplace_back(member.key, member.raw);
        else if (!readMember(member, scanner, document))
            return scanner.error();
    }
    return document;
}

Result<void> checkDeclared(const SessionDocument& document, std::int64_t layers, std::int64_t heads,
                           std::size_t tokens) {
    const auto agree = [&](const std::optional<std::int64_t>& declared, std::int64_t found, const char* key,
                           const char* what) -> Result<void> {
        if (!declared || *declared == found) return {};
        return badInput("\"" + std::string(key) + "\" is " + std::to_string(*declared) +
                            ", but the attention has " + std::to_string(found) + " " + what,
                        document.where);
    };
    if (auto good = agree(document.layers, layers, "num_layers", "layers"); !good) return good;
    if (auto good = agree(document.heads, heads, "num_heads", "heads"); !good) return good;
    return agree(document.length, static_cast<std::int64_t>(tokens), "sequence_length", "tokens");
}

// The weights of one entry, wherever they stand.
Result<WeightBlock> weightsOf(const AttentionEntry& entry, bool first, int queries, int keys,
                              SessionDocument& document, OpenedFile& file) {
    const std::string kind(attentionKindName(entry.kind));
    WeightBlock block;
    if (entry.encoding == SessionEncoding::nested) {
        if (first && document.weights) {
            block = std::move(*document.weights);
        } else {
            if (entry.weights.empty())
                return badInput("the " + kind + " attention has no weights", document.where);
            JsonScanner scanner = file.json->scannerAt(entry.weights);
            auto read = readNestedWeights(scanner, {0, file.stop, &file.progress});
            if (!read) return read.error();
            block = std::move(*read);
        }
        const std::string declared = std::to_string(entry.layers) + " x " + std::to_string(entry.heads) +
                                     " x " + std::to_string(queries) + " x " + std::to_string(keys);
        if (block.shape() != declared)
            return badInput("the " + kind + " attention is declared as " + declared +
                                " (layers, heads, queries, keys), but its weights are " + block.shape(),
                            document.where);
        return block;
    }
    if (entry.data.empty()) return badInput("the " + kind + " attention has no \"data\"", document.where);
    return readPackedWeights(file.json->scannerAt(entry.data), entry, queries, keys, file.stop);
}

// Queries and keys with a log-sum-exp that is not theirs. What keys receive is what queries give, so no row
// is computed again; a learned sink takes a part.
Result<std::string> unevenRows(const FactoredAttention& source, const std::string& where) {
    constexpr double kTolerance = 1e-3;
    for (int layer = 0; layer < source.info().layers; ++layer) {
        if (!source.layer(layer).adjust.sinks.empty()) continue;
        for (int head = 0; head < source.info().heads; ++head) {
            double given = 0, wanted = 0;
            for (const float weight : source.summary({layer, head}).incoming) given += weight;
            for (int query = 0; query < source.info().queries; ++query)
                wanted += source.info().visibility.visibleCount(layer, query) > 0;
            if (!std::isfinite(given))
                return badInput("the weights of layer " + std::to_string(layer) + ", head " +
                                    std::to_string(head) + " are not finite: lse does not belong to q and k",
                                where);
            if (std::abs(given - wanted) <= kTolerance * std::max(1.0, wanted)) continue;
            return std::string(attentionKindName(source.info().kind)) +
                   " attention: rows do not sum to one; the first are in layer " + std::to_string(layer) +
                   ", head " + std::to_string(head) + ".";
        }
    }
    return std::string();
}

Result<std::shared_ptr<const AttentionSource>> sourceOf(const AttentionEntry& entry, bool first,
                                                        SessionDocument& document, OpenedFile& file,
                                                        AttentionRun& run) {
    const auto sequence = [&](const std::string& name) -> const TokenizedText* {
        const auto found = document.sequences.find(name);
        return found == document.sequences.end() ? nullptr : &found->second.text;
    };
    const std::string kind(attentionKindName(entry.kind));
    const auto* queryTokens = sequence(entry.queries);
    const auto* keyTokens = sequence(entry.keys);
    for (const auto& [tokens, name] : {std::pair{queryTokens, entry.queries}, {keyTokens, entry.keys}})
        if (!tokens || tokens->tokens.empty())
            return badInput("the " + kind + " attention is over \"" + name + "\", which has no tokens",
                            document.where);
    AttentionInfo info;
    info.kind = entry.kind;
    info.layers = static_cast<int>(entry.layers);
    info.heads = static_cast<int>(entry.heads);
    info.keyValueHeads = static_cast<int>(entry.keyValueHeads);
    info.queries = static_cast<int>(queryTokens->tokens.size());
    info.keys = static_cast<int>(keyTokens->tokens.size());
    for (const int key : entry.maskedKeys)
        if (key >= info.keys)
            return badInput("masked key " + std::to_string(key) + " is not among the " +
                                std::to_string(info.keys) + " keys",
                            document.where);
    info.visibility = Visibility(info.queries, info.keys)
                          .setCausal(entry.causal)
                          .setWindows(entry.windows)
                          .setMaskedKeys(entry.maskedKeys);
    if (entry.encoding == SessionEncoding::factoredFloat16 ||
        entry.encoding == SessionEncoding::factoredFloat32) {
        if (entry.data.empty()) return badInput("the " + kind + " attention has no \"data\"", document.where);
        auto factored = readFactors(file.json->scannerAt(entry.data), entry, std::move(info), file.stop);
        if (!factored) return factored.error();
        auto notice = unevenRows(**factored, document.where);
        if (!notice) return notice.error();
        if (!notice->empty()) run.notices.push_back(std::move(*notice));
        return std::shared_ptr<const AttentionSource>(std::move(*factored));
    }
    auto block = weightsOf(entry, first, info.queries, info.keys, document, file);
    if (!block) return block.error();
    auto findings = inspectWeights(*block, info.visibility, document.where, file.stop);
    if (!findings) return findings.error();
    if (findings->masked > 0) {
        run.notices.push_back(
            kind + " attention: " + std::to_string(findings->masked) +
            " weights lie where the file says that nothing can be seen; all of it is shown.");
        info.visibility = Visibility(info.queries, info.keys);
    }
    for (auto& notice : noticesOf(*findings, entry.kind)) run.notices.push_back(std::move(notice));
    std::vector<std::shared_ptr<const DenseLayer>> layers(block->layers.begin(), block->layers.end());
    block->layers.clear();
    return std::shared_ptr<const AttentionSource>(DenseAttention::create(std::move(info), std::move(layers)));
}

// Which sequence a kind of attention is over follows from the kind (attention_run.h).
Result<void> checkSequences(const SessionDocument& document) {
    const bool pair = document.sequences.contains("target");
    for (const auto& entry : document.attentions) {
        const std::string queries = pair && entry.kind != AttentionKind::encoder ? "target" : "input";
        const std::string keys = pair && entry.kind == AttentionKind::decoder ? "target" : "input";
        if (entry.queries == queries && entry.keys == keys) continue;
        return badInput("the " + std::string(attentionKindName(entry.kind)) + " attention is from \"" +
                            entry.queries + "\" to \"" + entry.keys + "\", expected from \"" + queries +
                            "\" to \"" + keys + "\"",
                        document.where);
    }
    return {};
}

Result<Session> read(OpenedFile& file) {
    auto document = readDocument(file);
    if (!document) return document.error();
    const bool foreign = document->version == 0;
    if (auto upgraded = upgradeSession(*document); !upgraded) return upgraded.error();
    if (document->attentions.empty()) return badInput("the session has no \"attentions\"", document->where);
    if (auto good = checkSequences(*document); !good) return good.error();

    auto run = std::make_shared<AttentionRun>();
    run->notices = std::move(document->notices);
    const auto input = document->sequences.find("input");
    if (input == document->sequences.end())
        return badInput("the session has no sequence \"input\"", document->where);
    const AttentionEntry& main = document->attentions.front();
    if (auto good = checkDeclared(*document, main.layers, main.heads, input->second.text.tokens.size());
        !good)
        return good.error();
    for (std::size_t i = 0; i < document->attentions.size(); ++i) {
        if (file.stop.stop_requested()) return cancelled();
        auto source = sourceOf(document->attentions[i], i == 0, *document, file, *run);
        if (!source) return source.error();
        run->sources.push_back(std::move(*source));
    }
    run->input = std::move(input->second.text);
    run->generated = input->second.generated;
    if (const auto target = document->sequences.find("target"); target != document->sequences.end()) {
        run->target = std::move(target->second.text);
        run->generated = target->second.generated;
    }
    run->model = std::move(document->model);
    if (run->model.name.empty()) run->model.name = document->modelName;
    run->predictions = std::move(document->predictions);

    Session session = std::move(document->session);
    session.encoding = main.encoding;
    session.foreign = foreign;
    session.run = std::move(run);
    return session;
}

}  // namespace

extern const SessionForm kOwnSessionForm{"Attention Viz session", &claims, &read};

}  // namespace attnviz
