#include "ui/state/run_controller.h"

#include <QMetaObject>
#include <algorithm>
#include <bit>

#include "core/base/system_memory.h"
#include "core/model/hub/obtain_model.h"
#include "core/model/model_folder.h"
#include "ui/state/tile_requests.h"

namespace attnviz::ui {

struct RunController::EngineRoom {
    std::shared_ptr<Model> model;
};

namespace {

std::string tagOf(int document) {
    return "run:" + std::to_string(document);
}

// Finished runs are kept up to this share of the memory that is free at the start.
std::size_t keptRunsBudget() {
    return static_cast<std::size_t>(std::max<std::int64_t>(0, availableMemoryBytes() / 8));
}

std::size_t bytesOf(const AttentionRun& run) {
    std::int64_t bytes = 0;
    for (const auto& source : run.sources) bytes += source->info().keptBytes;
    for (const auto& prediction : run.predictions)
        bytes += static_cast<std::int64_t>(prediction.top.size() * sizeof(PredictedToken));
    bytes += static_cast<std::int64_t>(run.input.tokens.size() * sizeof(Token));
    return static_cast<std::size_t>(bytes);
}

// The same for the same run and for no other.
std::string keyOf(const TextInput& input) {
    std::string key;
    const auto add = [&key](const std::string& part) { key += std::to_string(part.size()) + ":" + part; };
    const auto addIds = [&](const std::vector<std::int64_t>& ids) {
        std::string text;
        for (const auto id : ids) text += std::to_string(id) + ",";
        add(text);
    };
    add(input.text);
    add(input.pair ? "+" + *input.pair : "");
    add(input.target ? "+" + *input.target : "");
    add(std::to_string(input.generation.tokens));
    if (input.generation.tokens > 0) {
        const Sampling sampling = input.generation.sampling.greedy ? Sampling{} : input.generation.sampling;
        add(std::to_string(sampling.greedy) + " " + std::to_string(sampling.topK) + " " +
            std::to_string(sampling.seed) + " " +
            std::to_string(std::bit_cast<std::uint64_t>(sampling.temperature)) + " " +
            std::to_string(std::bit_cast<std::uint64_t>(sampling.topP)));
    }
    if (input.ids)
        for (const auto* ids :
             {&input.ids->ids, &input.ids->segmentIds, &input.ids->attentionMask, &input.ids->targetIds})
            addIds(*ids);
    return key;
}

// Whether the tokenizer puts something between two texts.
bool joinsPairs(const Tokenizer& tokenizer) {
    const auto added = [](const Result<TokenizedText>& text) {
        return text ? std::ranges::count_if(text->tokens, [](const Token& token) { return token.special; })
                    : 0;
    };
    return added(tokenizer.encode("a", "a", {})) > added(tokenizer.encode("a", std::nullopt, {}));
}

void describeTaking(OpenModel& model) {
    const ModelInfo& info = model.info;
    const bool bothSides = !info.causal && !info.encoderDecoder;
    model.takesPairs = info.usesSegments || (bothSides && model.tokenizer && joinsPairs(*model.tokenizer));
    model.writes = info.hasHead && (info.causal || info.encoderDecoder);
}

}  // namespace

RunController::RunController(EngineProvider engine, QObject* parent)
    : QObject(parent),
      m_provider(std::move(engine)),
      m_room(std::make_shared<EngineRoom>()),
      m_kept(keptRunsBudget()),
      m_hubQueue("hub", postTo(this)),
      m_engineQueue("engine", postTo(this)),
      m_textQueue("text", postTo(this)) {}

RunController::~RunController() = default;

bool RunController::idle() const {
    return m_running.empty() && !m_loading && m_hubQueue.idle() && m_engineQueue.idle() && m_textQueue.idle();
}

bool RunController::isCurrent(int document, std::uint64_t generation) const {
    const auto found = m_running.find(document);
    return found != m_running.end() && found->second == generation;
}

void RunController::cancelRuns() {
    for (const auto& [document, generation] : m_running) m_engineQueue.cancel(tagOf(document));
    m_running.clear();
}

// What openModel has found on this machine, or brought there.
struct RunController::FoundModel {
    ModelWish wish;
    ModelFolder folder;
    std::filesystem::path tokenizer;
};

void RunController::openModel(const ModelWish& wish, std::optional<Order> after) {
    cancelRuns();
    const auto generation = m_loadGeneration = ++m_generation;
    m_loading = true;
    emit stateChanged();
    emit loadProgressed(tr("Loading %1").arg(wish.name.section('/', -1)), -1);
    ProgressSink progress = [this, generation](const Progress& step) {
        QMetaObject::invokeMethod(
            this,
            [this, generation, step] {
                if (generation == m_loadGeneration && m_loading)
                    emit loadProgressed(QString::fromStdString(step.what), step.fraction);
            },
            Qt::QueuedConnection);
    };
    m_engineQueue.cancel("model");
    // A name may have to be downloaded: that is not for the engine's thread.
    m_hubQueue.submit(
        "model",
        [progress, wish](std::stop_token stop) -> Result<FoundModel> {
            const auto name = wish.name.toStdString();
            auto folder = obtainModel(name, wish.tokenizer.isEmpty(), {progress, {}}, stop);
            // What is on this machine can be looked at without a tokenizer that cannot be had.
            if (!folder && folder.error().kind == ErrorKind::network)
                if (auto here = findModelFolder(name)) folder = here;
            if (!folder) return folder.error();
            FoundModel found{wish, *folder, folder->folder};
            if (wish.tokenizer.isEmpty()) return found;
            auto files = obtainTokenizer(wish.tokenizer.toStdString(), {progress, {}}, stop);
            if (!files) return files.error();
            found.tokenizer = *std::move(files);
            return found;
        },
        [this, generation, progress, wish, after = std::move(after)](const Result<FoundModel>& found) {
            if (generation != m_loadGeneration) return;
            if (found && found->folder.script && !wish.allowCode) {
                loadEnded(generation, cancelled(), {});
                emit codeRefused(wish);
            } else if (found) {
                loadModel(*found, generation, progress, after);
            } else {
                loadEnded(generation, found.error(), {});
            }
        });
}

void RunController::loadModel(const FoundModel& found, std::uint64_t generation, const ProgressSink& progress,
                              std::optional<Order> after) {
    emit loadProgressed(tr("Loading %1").arg(QString::fromStdString(found.folder.name)), -1);
    m_engineQueue.submit(
        "model",
        [provider = m_provider, room = m_room, settings = m_settings, progress,
         found](std::stop_token stop) -> Result<std::shared_ptr<const OpenModel>> {
            auto engine = provider();
            if (!engine) return engine.error();
            const ModelFolder& folder = found.folder;
            LoadRequest request;
            request.folder = folder;
            request.device = settings.device;
            request.dtype = settings.dtype;
            request.threads = settings.threads;
            request.allowCode = found.wish.allowCode;
            auto model = (*engine)->load(request, progress, stop);
            if (!model) return model.error();
            auto open = std::make_shared<OpenModel>();
            open->info = (*model)->info();
            open->title = QString::fromStdString(folder.name);
            open->path = found.wish.name == "sample"
                             ? found.wish.name
                             : QString::fromStdString(folder.script.value_or(folder.folder).string());
            auto tokenizer = loadTokenizer(found.tokenizer);
            if (tokenizer) {
                open->tokenizer = tokenizer->tokenizer;
                open->notices = tokenizer->notices;
            } else if (tokenizer.error().kind != ErrorKind::notFound || !found.wish.tokenizer.isEmpty()) {
                return tokenizer.error();
            } else {
                open->notices.push_back(tokenizer.error().sentence());
            }
            describeTaking(*open);
            if (stop.stop_requested()) return cancelled();
            room->model = *std::move(model);
            return std::shared_ptr<const OpenModel>(std::move(open));
        },
        [this, generation, after = std::move(after)](const Result<std::shared_ptr<const OpenModel>>& result) {
            loadEnded(generation, result, after);
        });
}

void RunController::loadEnded(std::uint64_t generation,
                              const Result<std::shared_ptr<const OpenModel>>& result,
                              const std::optional<Order>& after) {
    if (generation != m_loadGeneration) return;
    m_loading = false;
    if (result) {
        m_model = *result;
        m_kept.clear();
        emit modelChanged();
    }
    emit stateChanged();
    if (!result && result.error().kind != ErrorKind::cancelled) emit loadFailed(result.error());
    if (result && after) run(*after);
}

void RunController::askFamilies() {
    m_engineQueue.submit(
        "families",
        [provider = m_provider](std::stop_token) -> RunnableFamilies {
            auto engine = provider();
            if (!engine) return engine.error();
            std::set<std::string> families;
            for (const auto& family : (*engine)->describe().families) families.insert(family.modelType);
            return families;
        },
        [this](const RunnableFamilies& families) { emit familiesKnown(families); });
}

void RunController::closeModel() {
    stopAll();
    m_model.reset();
    m_kept.clear();
    m_engineQueue.submit(
        "close",
        [room = m_room](std::stop_token) -> Result<void> {
            room->model.reset();
            return {};
        },
        [](const Result<void>&) {});
    emit modelChanged();
}

RunListener RunController::listenerFor(int document, std::uint64_t generation) {
    RunListener listener;
    listener.progress = [this, document, generation](const Progress& step) {
        QMetaObject::invokeMethod(
            this,
            [this, document, generation, step] {
                if (isCurrent(document, generation))
                    emit progressed(document, QString::fromStdString(step.what), step.fraction);
            },
            Qt::QueuedConnection);
    };
    // Both are called on the engine's thread: first the tokens, then each layer with them.
    const auto begun = std::make_shared<AttentionRun>();
    listener.tokensReady = [begun](const AttentionRun& run) { *begun = run; };
    listener.layerReady = [this, document, generation, begun](const LayerReady& layer) {
        if (layer.sources.empty()) return;
        auto run = std::make_shared<AttentionRun>(*begun);
        run->sources = layer.sources;
        QMetaObject::invokeMethod(
            this,
            [this, document, generation, run = std::shared_ptr<const AttentionRun>(std::move(run))] {
                if (isCurrent(document, generation)) emit partialReady(document, run);
            },
            Qt::QueuedConnection);
    };
    return listener;
}

void RunController::run(Order order) {
    if (!m_model) return;
    const int document = order.document;
    TextInput& asked = order.input;
    if (!m_model->info.encoderDecoder) asked.target.reset();
    if (!m_model->takesPairs) asked.pair.reset();
    const std::string key = keyOf(asked);
    if (const auto kept = m_kept.find(key)) {
        m_running.erase(document);
        m_engineQueue.cancel(tagOf(document));
        emit runReady(document, *kept);
        emit stateChanged();
        return;
    }
    const auto generation = m_running[document] = ++m_generation;
    emit stateChanged();
    emit progressed(document, tr("Starting"), 0);
    asked.predictEach = true;
    const auto input = std::make_shared<const TextInput>(std::move(asked));
    m_engineQueue.submit(
        tagOf(document),
        [room = m_room, model = m_model, input, options = m_settings.options,
         listener = listenerFor(document, generation)](
            std::stop_token stop) -> Result<std::shared_ptr<const AttentionRun>> {
            if (!room->model) return internalError("the model is no longer open", {}, "Open it again.");
            return runText(*room->model, model->tokenizer.get(), *input, options, listener, stop);
        },
        [this, document, generation, key,
         model = m_model](Result<std::shared_ptr<const AttentionRun>> result) {
            if (result && m_settings.keepRuns && model == m_model)
                m_kept.insert(key, *result, bytesOf(**result));
            if (!isCurrent(document, generation)) return;
            m_running.erase(document);
            if (result) emit runReady(document, *result);
            emit stateChanged();
            if (result) return;
            if (result.error().kind == ErrorKind::cancelled)
                emit stopped();
            else
                emit failed(document, result.error());
        });
}

void RunController::stop(int document) {
    if (m_running.erase(document) == 0) return;
    m_engineQueue.cancel(tagOf(document));
    emit stateChanged();
    emit stopped();
}

void RunController::stopAll() {
    if (m_running.empty() && !m_loading) return;
    cancelRuns();
    m_hubQueue.cancel("model");
    m_engineQueue.cancel("model");
    m_loading = false;
    emit stateChanged();
    emit stopped();
}

void RunController::countTokens(const QString& text) {
    if (!m_model || !m_model->tokenizer) return;
    m_textQueue.submit(
        "count",
        [tokenizer = m_model->tokenizer, bytes = text.toStdString()](std::stop_token) -> Result<int> {
            auto encoded = tokenizer->encode(bytes, std::nullopt, {});
            if (!encoded) return encoded.error();
            return static_cast<int>(encoded->tokens.size());
        },
        [this, text](const Result<int>& count) {
            if (count) emit tokensCounted(text, *count);
        });
}

}  // namespace attnviz::ui
