// A text goes in, progress and runs come out: loads models and runs them on the engine thread, one at a time.
//
// Requests name their document, by a number that is their owner's. The newest of a document wins: another run
// of it stops the one before, within a layer; those of other documents wait for their turn. Another model
// stops them all. The window never waits. Every failure is a sentence for a banner; being stopped is none.
#pragma once

#include <QObject>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "core/base/job_queue.h"
#include "core/base/lru_cache.h"
#include "core/model/engine.h"
#include "core/model/model_list.h"
#include "core/model/run_settings.h"
#include "core/text/tokenizer.h"

namespace attnviz::ui {

// What is known of an open model on the UI thread.
struct OpenModel {
    ModelInfo info;
    QString title, path;
    std::shared_ptr<const Tokenizer> tokenizer;  // may be null: the folder has none
    std::vector<std::string> notices;
    bool takesPairs = false;  // a second text is something else to it than more of the first
    bool writes = false;      // it can continue a text, or a target text
};

class RunController final : public QObject {
    Q_OBJECT
 public:
    // Called on the engine thread, once a model is needed.
    using EngineProvider = std::function<Result<Engine*>()>;

    explicit RunController(EngineProvider engine, QObject* parent = nullptr);
    ~RunController() override;

    // How models are loaded and texts run; of its texts and ids nothing is taken.
    void setSettings(const RunSettings& settings) { m_settings = settings; }
    // A folder, a file inside one, "sample", or a name of the Hugging Face hub, which is downloaded where the
    // cache does not hold it. Then runs `after` where it is given.
    struct Order {
        int document = 0;
        TextInput input;
    };
    // A model that is code is refused with codeRefused unless `allowCode`: a person has said that they trust
    // it. The model's own tokenizer is used where `tokenizer` (what obtainTokenizer takes) is empty.
    struct ModelWish {
        QString name, tokenizer;
        bool allowCode = false;
    };
    void openModel(const ModelWish& wish, std::optional<Order> after = {});
    void closeModel();
    // Which families the engine runs, or why there is no engine; loads it. Answers with familiesKnown.
    void askFamilies();
    // What the open model does not take (a target text without a decoder apart) is left out. A text that has
    // run with this model is there at once, where finished runs are kept.
    void run(Order order);
    void stop(int document);
    void stopAll();  // every run, and a model that is loading
    // How many tokens the open model makes of a text; answers with tokensCounted. The newest text wins.
    void countTokens(const QString& text);

    const std::shared_ptr<const OpenModel>& model() const { return m_model; }
    bool isRunning() const { return !m_running.empty(); }
    bool isRunning(int document) const { return m_running.contains(document); }
    bool isLoading() const { return m_loading; }
    bool idle() const;

 signals:
    void modelChanged();
    void stateChanged();  // running, loading
    void loadProgressed(const QString& what, double fraction);
    void progressed(int document, const QString& what, double fraction);
    // With fewer layers, then with all.
    void partialReady(int document, std::shared_ptr<const attnviz::AttentionRun> run);
    void runReady(int document, std::shared_ptr<const attnviz::AttentionRun> run);
    void loadFailed(const attnviz::Error& error);
    void codeRefused(const attnviz::ui::RunController::ModelWish& wish);
    void failed(int document, const attnviz::Error& error);
    void stopped();
    void familiesKnown(const attnviz::RunnableFamilies& families);
    void tokensCounted(const QString& text, int tokens);

 private:
    struct EngineRoom;  // the engine thread's own
    RunListener listenerFor(int document, std::uint64_t generation);
    struct FoundModel;
    void loadModel(const FoundModel& found, std::uint64_t generation, const ProgressSink& progress,
                   std::optional<Order> after);
    void loadEnded(std::uint64_t generation, const Result<std::shared_ptr<const OpenModel>>& result,
                   const std::optional<Order>& after);
    bool isCurrent(int document, std::uint64_t generation) const;
    void cancelRuns();

    EngineProvider m_provider;
    RunSettings m_settings;
    std::shared_ptr<EngineRoom> m_room;
    std::shared_ptr<const OpenModel> m_model;
    // Of what is under way, by document: what is late is dropped.
    std::map<int, std::uint64_t> m_running;
    bool m_loading = false;
    std::uint64_t m_generation = 0, m_loadGeneration = 0;
    LruCache<std::string, std::shared_ptr<const AttentionRun>> m_kept;  // of the open model, by their input
    JobQueue m_hubQueue, m_engineQueue, m_textQueue;
};

}  // namespace attnviz::ui
