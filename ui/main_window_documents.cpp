// Documents as tabs above the centre, and what runs in them: results find their document, shown or not.
#include <QSettings>
#include <QSignalBlocker>
#include <QTabBar>

#include "ui/main_window.h"
#include "ui/state/file_controller.h"
#include "ui/state/workspace.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/number_text.h"
#include "ui/widgets/prompt_bar.h"

namespace attnviz::ui {
namespace {

// Whether a run is of what stands in the prompt, whatever the model wrote after it.
bool shows(const Document& document, const AttentionRun& run) {
    const bool two = run.input.texts.size() > 1;
    const QString last = QString::fromStdString(run.givenText(run.input));
    if (document.text != (two ? QString::fromStdString(run.input.texts.front()) : last)) return false;
    if (document.pair != (two ? last : QString())) return false;
    return !run.target || document.target == QString::fromStdString(run.givenText(*run.target));
}

Generation keptGeneration() {
    const QSettings kept(stateFile(), QSettings::IniFormat);
    Generation generation;
    generation.tokens = kept.value("continue/tokens", 20).toInt();
    Sampling& sampling = generation.sampling;
    sampling.greedy = !kept.value("continue/drawn", false).toBool();
    sampling.temperature = kept.value("continue/temperature", 1.0).toDouble();
    sampling.topP = kept.value("continue/topP", 0.95).toDouble();
    sampling.topK = kept.value("continue/topK", 0).toInt();
    sampling.seed = kept.value("continue/seed", 1).toULongLong();
    return generation;
}

void keepGeneration(const Generation& generation) {
    QSettings kept(stateFile(), QSettings::IniFormat);
    kept.setValue("continue/tokens", generation.tokens);
    kept.setValue("continue/drawn", !generation.sampling.greedy);
    kept.setValue("continue/temperature", generation.sampling.temperature);
    kept.setValue("continue/topP", generation.sampling.topP);
    kept.setValue("continue/topK", generation.sampling.topK);
    kept.setValue("continue/seed", QVariant::fromValue(generation.sampling.seed));
}

}  // namespace

void MainWindow::connectRuns() {
    connect(m_tabs, &QTabBar::currentChanged, this, [this](int index) {
        if (index >= 0) m_workspace->setCurrentDocument(m_tabs->tabData(index).toInt());
    });
    connect(m_tabs, &QTabBar::tabCloseRequested, this,
            [this](int index) { closeDocument(m_tabs->tabData(index).toInt()); });

    connect(m_prompt, &PromptBar::runAsked, this, &MainWindow::run);
    connect(m_prompt, &PromptBar::stopAsked, this, &MainWindow::stop);
    connect(m_prompt, &PromptBar::continueAsked, this, [this](const Generation& generation) {
        keepGeneration(generation);
        continueRun(generation);
    });
    connect(m_prompt, &PromptBar::edited, this, &MainWindow::takeTexts);
    connect(m_prompt, &PromptBar::textEdited, this, [this](const QString& text) {
        m_runs->countTokens(text);
        if (!text.isEmpty() && m_workspace->document().ids) {  // they are no longer what runs
            m_workspace->setIds({});
            m_prompt->setHint({});
        }
    });
    m_prompt->setGeneration(keptGeneration());
    connect(m_runs, &RunController::tokensCounted, this, [this](const QString& text, int tokens) {
        if (text == m_prompt->text()) m_prompt->setTokenCount(tokens);
    });
    connect(m_runs, &RunController::stateChanged, this, &MainWindow::showState);
    connect(m_runs, &RunController::modelChanged, this, &MainWindow::showModel);
    connect(m_runs, &RunController::loadProgressed, m_prompt, &PromptBar::setProgress);
    connect(m_runs, &RunController::loadFailed, this, &MainWindow::fail);
    connect(m_runs, &RunController::codeRefused, this, &MainWindow::askCode);
    connect(m_runs, &RunController::progressed, this,
            [this](int document, const QString& what, double fraction) {
                if (document == m_workspace->document().id) m_prompt->setProgress(what, fraction);
                m_workspace->setRunning(document, std::max(0.0, fraction));
            });
    connect(m_runs, &RunController::partialReady, m_workspace,
            qOverload<int, std::shared_ptr<const AttentionRun>>(&Workspace::advance));
    connect(m_runs, &RunController::runReady, this, &MainWindow::takeRun);
    connect(m_runs, &RunController::failed, this, [this](int document, const Error& error) {
        if (document == m_workspace->document().id) return fail(error);
        // Of a document that is not in front: named, so that nobody takes it for the shown one.
        if (const auto* other = m_workspace->find(document))
            m_banners->show(BannerKind::error,
                            Workspace::titleOf(*other) + ": " + QString::fromStdString(error.sentence()));
    });
    connect(m_runs, &RunController::stopped, this, [this] { notice(tr("Stopped")); });
}

void MainWindow::takeRun(int document, const std::shared_ptr<const AttentionRun>& run) {
    m_workspace->advance(document, run);
    m_workspace->setModified(document, true);
    if (document != m_workspace->document().id) return;
    for (const auto& sentence : run->notices)
        m_banners->show(BannerKind::warning, QString::fromStdString(sentence));
    if (!m_workspace->document().pair.isEmpty() && run->input.texts.size() < 2)
        notice(tr("This model takes no second text: it was left out"));
    else if (!m_workspace->document().target.isEmpty() && !run->target)
        notice(tr("This model takes no target text: it was left out"));
    showTokenCount(*run);
}

// What runs of the current document: its texts, or the ids that were given instead.
RunController::Order MainWindow::order(const Generation& generation) const {
    const Document& document = m_workspace->document();
    RunController::Order order;
    order.document = document.id;
    TextInput& input = order.input;
    input.maxLength = m_settings.run.input.maxLength;
    input.addSpecialTokens = m_settings.run.input.addSpecialTokens;
    input.generation = generation;
    input.text = document.text.toStdString();
    if (!document.pair.isEmpty()) input.pair = document.pair.toStdString();
    if (!document.target.isEmpty()) input.target = document.target.toStdString();
    if (input.text.empty() && document.ids) {
        input.ids = document.ids;
        input.pair.reset();
        input.target.reset();
    }
    return order;
}

// The same way of writing goes on where it has ended; another begins anew after the text.
void MainWindow::continueRun(const Generation& generation) {
    m_wasIdle = false;
    if (!m_runs->model() || m_runs->isLoading()) return;
    m_banners->clear();
    const Document& document = m_workspace->document();
    Generation wish = generation;
    const auto& run = document.session.run;
    if (run && run->generated > 0 && document.written.tokens > 0 &&
        document.written.sampling == generation.sampling && shows(document, *run))
        wish.tokens = std::min(run->generated + generation.tokens, kMostGeneratedTokens);
    m_workspace->setWritten(document.id, wish);
    m_runs->run(order(wish));
}

void MainWindow::takeTexts() {
    const PromptTexts texts = m_prompt->texts();
    m_workspace->setTexts(texts.text, texts.pair, texts.target);
}

void MainWindow::showTexts() {
    const Document& document = m_workspace->document();
    m_prompt->setTexts({document.text, document.pair, document.target});
    m_prompt->setHint(document.ids ? tr("%1 token ids").arg(countText(std::ssize(document.ids->ids)))
                                   : QString());
}

// How many tokens the text has, where the run is of it: of one text, without what the model wrote after it.
void MainWindow::showTokenCount(const AttentionRun& run) {
    if (run.input.texts.size() > 1 || !shows(m_workspace->document(), run)) return;
    m_prompt->setTokenCount(static_cast<int>(run.input.tokens.size()) - (run.target ? 0 : run.generated));
}

void MainWindow::showDocuments() {
    const QSignalBlocker quiet(m_tabs);
    const auto& documents = m_workspace->documents();
    while (m_tabs->count() > static_cast<int>(documents.size())) m_tabs->removeTab(m_tabs->count() - 1);
    while (m_tabs->count() < static_cast<int>(documents.size())) m_tabs->addTab({});
    for (int index = 0; index < m_tabs->count(); ++index) {
        const auto& document = *documents[static_cast<std::size_t>(index)];
        const QString title = Workspace::titleOf(document);
        QString shown = title;
        shown.replace('&', "&&");
        if (document.running >= 0) shown.prepend(QChar(0x25B8) + QStringLiteral(" "));
        if (document.modified) shown.append(QStringLiteral(" ") + QChar(0x2022));
        m_tabs->setTabData(index, document.id);
        m_tabs->setTabText(index, shown);
        m_tabs->setTabToolTip(index, title.toHtmlEscaped());
        if (&document == &m_workspace->document()) m_tabs->setCurrentIndex(index);
    }
    m_tabs->setVisible(documents.size() > 1);
    if (m_reopenAction) m_reopenAction->setEnabled(m_workspace->canReopen());
    showStatus();
}

void MainWindow::closeDocument(int id) {
    m_runs->stop(id);
    m_workspace->closeDocument(id);
    if (m_workspace->canReopen()) notice(tr("Closed; File, Reopen brings it back"));
}

}  // namespace attnviz::ui
