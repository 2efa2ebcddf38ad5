// A text goes in, progress and runs come out: loads models and runs them on the engine thread, one at a time.
//
// The newest request wins: another run stops the one before, within a layer. The window never waits. Every
// failure is a sentence for a banner; being stopped is none.
#pragma once

#include <QObject>
#include <functional>
#include <memory>
#include <optional>

#include "core/base/job_queue.h"
#include "core/model/engine.h"
#include "core/model/text_run.h"
#include "core/text/tokenizer.h"

namespace attnviz::ui {

// What is known of an open model on the UI thread.
struct OpenModel {
    ModelInfo info;
    QString title, path;
    std::shared_ptr<const Tokenizer> tokenizer;  // may be null: the folder has none
    std::vector<std::string> notices;
};

class RunController final : public QObject {
    Q_OBJECT
 public:
    // Called on the engine thread, once a model is needed.
    using EngineProvider = std::function<Result<Engine*>()>;

    explicit RunController(EngineProvider engine, QObject* parent = nullptr);
    ~RunController() override;

    void setDevice(Device device) { m_device = device; }
    // A folder, a file inside one, or "sample". Then runs `textAfter` where it is given.
    void openModel(const QString& name, std::optional<QString> textAfter = {});
    void closeModel();
    void run(const QString& text);
    void stop();
    // How many tokens the open model makes of a text; answers with tokensCounted. The newest text wins.
    void countTokens(const QString& text);

    const std::shared_ptr<const OpenModel>& model() const { return m_model; }
    bool isRunning() const { return m_running; }
    bool isLoading() const { return m_loading; }
    bool idle() const;

 signals:
    void modelChanged();
    void stateChanged();  // running, loading
    void progressed(const QString& what, double fraction);
    void partialReady(std::shared_ptr<const attnviz::AttentionRun> run);  // with fewer layers
    void runReady(std::shared_ptr<const attnviz::AttentionRun> run);
    void failed(const attnviz::Error& error);
    void stopped();
    void tokensCounted(const QString& text, int tokens);

 private:
    struct EngineRoom;  // the engine thread's own
    RunListener listenerFor(std::uint64_t generation, std::shared_ptr<const OpenModel> model,
                            const std::shared_ptr<const TextInput>& input);
    void setState(bool loading, bool running);

    EngineProvider m_provider;
    Device m_device;
    std::shared_ptr<EngineRoom> m_room;
    std::shared_ptr<const OpenModel> m_model;
    bool m_running = false, m_loading = false;
    std::uint64_t m_generation = 0;  // of what is under way: what is late is dropped
    JobQueue m_engineQueue, m_textQueue;
};

}  // namespace attnviz::ui
