// Documents as tabs above the centre, and what runs in them: results find their document, shown or not.
#include <QSignalBlocker>
#include <QTabBar>

#include "ui/main_window.h"
#include "ui/state/workspace.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/prompt_bar.h"

namespace attnviz::ui {

void MainWindow::connectRuns() {
    connect(m_tabs, &QTabBar::currentChanged, this, [this](int index) {
        if (index >= 0) m_workspace->setCurrentDocument(m_tabs->tabData(index).toInt());
    });
    connect(m_tabs, &QTabBar::tabCloseRequested, this,
            [this](int index) { closeDocument(m_tabs->tabData(index).toInt()); });

    connect(m_prompt, &PromptBar::runAsked, this, &MainWindow::run);
    connect(m_prompt, &PromptBar::stopAsked, this, &MainWindow::stop);
    connect(m_prompt, &PromptBar::textEdited, this, [this](const QString& text) {
        m_workspace->setText(text);
        m_runs->countTokens(text);
    });
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
    if (m_prompt->text() == QString::fromStdString(run->text()))
        m_prompt->setTokenCount(static_cast<int>(run->input.tokens.size()));
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
