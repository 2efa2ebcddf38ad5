#include "ui/panes/pane.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QStackedWidget>
#include <QVBoxLayout>
#include <utility>

#include "ui/theme/appearance.h"
#include "ui/widgets/eliding_label.h"
#include "ui/widgets/pane_parts.h"

namespace attnviz::ui {

Pane::Pane(Workspace& workspace, const char* name, unsigned follows, QWidget* parent)
    : QWidget(parent), m_workspace(workspace), m_alive(&workspace), m_name(name) {
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
    if ((follows & kTheme) != 0)
        connect(&Appearance::instance(), &Appearance::changed, this, [this] { noteChange(kTheme); });
}

Pane::~Pane() {
    if (m_posted && m_alive) m_workspace.expect(-1);
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
    m_computing.clear();
    m_pending = kAll;
}

void Pane::cancel(const std::string& tag) {
    const std::string name = m_name + "/" + tag;
    m_workspace.analyses().cancel(name);
    m_computing.erase(name);
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
    m_left->setMinimumWidth(1);
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
