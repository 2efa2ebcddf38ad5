#include "ui/panes/pane.h"

#include <QCoreApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QStackedWidget>
#include <QVBoxLayout>
#include <atomic>
#include <chrono>
#include <cmath>
#include <memory>
#include <utility>

#include "ui/theme/appearance.h"
#include "ui/widgets/accessible_value.h"
#include "ui/widgets/eliding_label.h"
#include "ui/widgets/number_text.h"
#include "ui/widgets/pane_parts.h"

namespace attnviz::ui {

Pane::Pane(Workspace& workspace, const char* name, unsigned follows, QWidget* parent)
    : QWidget(parent), m_workspace(workspace), m_alive(&workspace), m_name(name) {
    setAccessibleRole(*this, QAccessible::Pane);
    m_column = new QVBoxLayout(this);
    m_column->setContentsMargins(0, 0, 0, 0);
    m_column->setSpacing(0);
    m_stack = new QStackedWidget(this);
    m_sentence = emptySentence({}, m_stack);
    m_stack->addWidget(m_sentence);
    m_column->addWidget(m_stack, 1);

    const auto follow = [&](unsigned change, auto signal) {
        if ((follows & change) != 0)
            connect(&workspace, signal, this, [this, change] { noteChange(change); });
    };
    follow(kRun, &Workspace::runChanged);
    follow(kSource, &Workspace::sourceChanged);
    follow(kHead, &Workspace::headChanged);
    follow(kChosen, &Workspace::headChosen);
    follow(kHover, &Workspace::hoverChanged);
    follow(kPins, &Workspace::pinChanged);
    follow(kTokens, &Workspace::tokensChosen);
    follow(kView, &Workspace::viewChanged);
    follow(kRunning, &Workspace::runningChanged);
    follow(kDocuments, &Workspace::documentsChanged);
    follow(kHoverHead, &Workspace::headHovered);
    follow(kSeen, &Workspace::seenChanged);
    if ((follows & kTheme) != 0)
        connect(&Appearance::instance(), &Appearance::changed, this, [this] { noteChange(kTheme); });
}

Pane::~Pane() {
    if (m_alive) m_workspace.expect(-static_cast<int>(m_computing.size()) - (m_posted ? 1 : 0));
}

void Pane::noteChange(unsigned changes) {
    m_pending |= changes;
    if (!isVisible() || m_posted) return;
    m_posted = true;
    m_workspace.expect(1);
    QMetaObject::invokeMethod(
        this,
        [this] {
            m_posted = false;
            m_workspace.expect(-1);
            if (isVisible()) flush();
        },
        Qt::QueuedConnection);
}

void Pane::flush() {
    if (const unsigned changes = std::exchange(m_pending, 0U); changes != 0) refresh(changes);
}

void Pane::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    flush();
}

void Pane::hideEvent(QHideEvent* event) {
    QWidget::hideEvent(event);
    if (m_computing.empty() || !m_alive) return;
    for (const auto& name : m_computing) m_workspace.analyses().cancel(name);
    m_workspace.expect(-static_cast<int>(m_computing.size()));
    m_computing.clear();
    m_pending = kAll;
}

void Pane::cancel(const std::string& tag) {
    const std::string name = m_name + "/" + tag;
    m_workspace.analyses().cancel(name);
    if (m_computing.erase(name) > 0) m_workspace.expect(-1);
}

ProgressSink Pane::progressOf(const std::string& tag) {
    using Clock = std::chrono::steady_clock;
    static constexpr auto kBetween = std::chrono::milliseconds(120);
    // Told by several threads at once; the queue that they work for ends before the workspace.
    auto next = std::make_shared<std::atomic<Clock::rep>>(Clock::now().time_since_epoch().count());
    return [name = m_name + "/" + tag, next, workspace = &m_workspace,
            pane = QPointer<Pane>(this)](const Progress& progress) {
        const auto now = Clock::now().time_since_epoch().count();
        auto due = next->load();
        if (now < due || !next->compare_exchange_strong(due, now + Clock::duration(kBetween).count())) return;
        QMetaObject::invokeMethod(
            workspace,
            [pane, name, progress] {
                if (pane && pane->m_computing.contains(name)) pane->progressed(progress);
            },
            Qt::QueuedConnection);
    };
}

void Pane::progressed(const Progress& progress) {
    if (!m_right) return;
    QString words = QString::fromStdString(progress.what);
    if (progress.fraction >= 0)
        words += QStringLiteral(" · %1\u2009%").arg(std::lround(std::min(1.0, progress.fraction) * 100));
    m_right->setText(words);
}

bool Pane::waitsForLayers() {
    const auto& source = m_workspace.rawSource();
    if (!source || source->layersReady() >= source->info().layers || m_workspace.running() < 0) return false;
    if (m_left) m_left->clear();
    if (m_right) m_right->setText({});
    showSentence(QCoreApplication::translate("Pane", "%1 of %2 layers are there. This looks at all of them.")
                     .arg(countText(source->layersReady()), countText(source->info().layers)));
    return true;
}

QBoxLayout& Pane::controls() {
    if (!m_controls) {
        m_controls = controlRow(this, m_controlRow);
        m_controls->setMinimumWidth(1);  // a narrow dock squeezes them, it does not widen the window
        m_column->insertWidget(0, m_controls);
    }
    return *m_controlRow;
}

void Pane::setBody(QWidget* body) {
    m_body = body;
    m_stack->addWidget(body);
    m_stack->setCurrentWidget(body);
}

void Pane::addCaption() {
    m_column->addWidget(captionLine(this, m_left, m_right));
}

void Pane::showBody() {
    if (m_body) m_stack->setCurrentWidget(m_body);
}

void Pane::showSentence(const QString& sentence) {
    m_sentence->setText(sentence);
    m_stack->setCurrentWidget(m_sentence);
}

bool Pane::bodyShown() const {
    return m_body && m_stack->currentWidget() == m_body;
}

}  // namespace attnviz::ui
