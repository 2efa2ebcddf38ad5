#include "ui/widgets/segments.h"

#include <QButtonGroup>
#include <QHBoxLayout>
#include <QPushButton>
#include <QStyle>

namespace attnviz::ui {
namespace {

constexpr const char* kTight = "tight";  // the style sheet's word for less room around words
constexpr int kTightSaves = 8;           // pixels a button

}  // namespace

Segments::Segments(const QString& name, const QStringList& choices, QWidget* parent)
    : QWidget(parent), m_group(new QButtonGroup(this)) {
    setAccessibleName(name);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(0);
    for (int i = 0; i < choices.size(); ++i) {
        auto* button = new QPushButton(choices[i], this);
        button->setCheckable(true);
        button->setAutoDefault(false);
        button->setProperty("role", "segment");
        button->setProperty("place", i == 0 ? "first" : i + 1 == choices.size() ? "last" : "middle");
        button->setAccessibleName(name + ": " + choices[i]);
        m_group->addButton(button, i);
        row->addWidget(button);
    }
    m_group->setExclusive(true);
    choose(0);
    connect(m_group, &QButtonGroup::idToggled, this, [this](int index, bool on) {
        if (!on) return;
        leadTab();
        emit chosenChanged(index);
    });
}

// Tab comes to the chosen button; arrows go on from there.
void Segments::leadTab() {
    for (auto* button : m_group->buttons())
        button->setFocusPolicy(button->isChecked() ? Qt::StrongFocus : Qt::ClickFocus);
}

// Words whole as long as there is any way.
void Segments::resizeEvent(QResizeEvent*) {
    const auto buttons = m_group->buttons();
    const bool tight = buttons.front()->property(kTight).toBool();
    const int natural =
        layout()->sizeHint().width() + (tight ? kTightSaves * static_cast<int>(buttons.size()) : 0);
    if (tight == (natural > width())) return;
    for (auto* button : buttons) {
        button->setProperty(kTight, !tight);
        button->style()->unpolish(button);
        button->style()->polish(button);
    }
}

int Segments::chosen() const {
    return m_group->checkedId();
}

void Segments::choose(int index) {
    const QSignalBlocker blocker(m_group);
    if (auto* button = m_group->button(index)) button->setChecked(true);
    leadTab();
}

QPushButton* Segments::button(int index) const {
    return qobject_cast<QPushButton*>(m_group->button(index));
}

}  // namespace attnviz::ui
