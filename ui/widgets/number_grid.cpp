#include "ui/widgets/number_grid.h"

#include <QGridLayout>
#include <QLabel>
#include <QVBoxLayout>

#include "ui/widgets/eliding_label.h"
#include "ui/widgets/pane_parts.h"

namespace attnviz::ui {
namespace {

constexpr int kTop = 8, kBottom = 2, kBetween = 4;

}  // namespace

NumberGrid::NumberGrid(const QStringList& names, QWidget* parent) : QWidget(parent) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(12, kTop, 12, kBottom);
    column->setSpacing(0);
    auto* grid = new QGridLayout;
    grid->setHorizontalSpacing(8);
    grid->setVerticalSpacing(kBetween);
    for (int i = 0; i < static_cast<int>(names.size()); ++i) {
        auto* name = new ElidingLabel("secondary", this);
        name->setText(names[i]);
        m_names.push_back(name);
        m_numbers.push_back(plainLabel(QStringLiteral("–"), "strong", this));
        m_numbers.back()->setAlignment(Qt::AlignRight);
        m_names.back()->setBuddy(m_numbers.back());
        grid->addWidget(m_names.back(), i / 2, i % 2 * 3);
        grid->addWidget(m_numbers.back(), i / 2, i % 2 * 3 + 1);
    }
    grid->setColumnMinimumWidth(2, 16);
    grid->setColumnStretch(1, 1);
    grid->setColumnStretch(4, 1);
    column->addLayout(grid);
    column->addStretch(1);
}

void NumberGrid::setNumbers(const QStringList& numbers) {
    for (std::size_t i = 0; i < m_numbers.size(); ++i)
        m_numbers[i]->setText(numbers.value(static_cast<qsizetype>(i), QStringLiteral("–")));
}

void NumberGrid::showRows(int rows) {
    for (std::size_t i = 0; i < m_numbers.size(); ++i) {
        const bool shown = static_cast<int>(i) / 2 < rows;
        m_names[i]->setVisible(shown);
        m_numbers[i]->setVisible(shown);
    }
}

int NumberGrid::heightOf(int rows) const {
    return kTop + kBottom + rows * (m_numbers.front()->sizeHint().height() + kBetween);
}

}  // namespace attnviz::ui
