#include "ui/widgets/continue_popup.h"

#include <QDoubleSpinBox>
#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QRegularExpressionValidator>
#include <QScreen>
#include <QVBoxLayout>

#include "ui/widgets/number_text.h"
#include "ui/widgets/pane_parts.h"
#include "ui/widgets/segments.h"

namespace attnviz::ui {
namespace {

enum Method { likeliest, drawn };
constexpr int kNameWidth = 84;  // both forms stand in one column

void addRow(QFormLayout* form, const QString& name, QWidget* field) {
    auto* label = plainLabel(name, "secondary", field->parentWidget());
    label->setMinimumWidth(kNameWidth);
    label->setBuddy(field);
    form->addRow(label, field);
}

QDoubleSpinBox* numberField(double least, double most, const QString& name, QWidget* parent) {
    auto* field = new QDoubleSpinBox(parent);
    field->setRange(least, most);
    field->setSingleStep(0.05);
    field->setDecimals(2);
    field->setButtonSymbols(QAbstractSpinBox::NoButtons);
    field->setAccessibleName(name);
    return field;
}

}  // namespace

ContinuePopup::ContinuePopup(const Generation& start, QWidget* parent) : QFrame(parent, Qt::Popup) {
    setObjectName("continuePopup");
    setFrameShape(QFrame::StyledPanel);
    setAccessibleName(tr("Let the model write on"));
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(12, 12, 12, 12);
    column->setSpacing(8);
    auto* form = new QFormLayout;
    form->setSpacing(8);
    m_tokens = new QSpinBox(this);
    m_tokens->setRange(1, kMostGeneratedTokens);
    m_tokens->setButtonSymbols(QAbstractSpinBox::NoButtons);
    m_tokens->setAccessibleName(tr("Tokens"));
    addRow(form, tr("Tokens"), m_tokens);
    m_method = new Segments(tr("Method"), {tr("Likeliest"), tr("Drawn")}, this);
    addRow(form, tr("Next token"), m_method);
    column->addLayout(form);

    m_drawing = new QWidget(this);
    auto* drawing = new QFormLayout(m_drawing);
    drawing->setContentsMargins(0, 0, 0, 0);
    drawing->setSpacing(8);
    m_temperature = numberField(0.01, 100, tr("Temperature"), m_drawing);
    m_temperature->setToolTip(tr("The higher, the flatter the distribution; 1 is the model's own"));
    addRow(drawing, tr("Temperature"), m_temperature);
    m_topP = numberField(0.01, 1, tr("Top-p"), m_drawing);
    m_topP->setToolTip(tr("Draws from the likeliest tokens that sum to this share; 1: from all"));
    addRow(drawing, tr("Top-p"), m_topP);
    m_topK = new QSpinBox(m_drawing);
    m_topK->setRange(0, 1'000'000);
    m_topK->setButtonSymbols(QAbstractSpinBox::NoButtons);
    m_topK->setSpecialValueText(tr("all"));
    m_topK->setAccessibleName(tr("Top-k"));
    m_topK->setToolTip(tr("Draws from so many of the likeliest tokens"));
    addRow(drawing, tr("Top-k"), m_topK);
    m_seed = new QLineEdit(m_drawing);
    m_seed->setAccessibleName(tr("Seed"));
    m_seed->setToolTip(tr("The same seed draws the same tokens"));
    m_seed->setValidator(
        new QRegularExpressionValidator(QRegularExpression(QStringLiteral("[0-9]{1,18}")), m_seed));
    addRow(drawing, tr("Seed"), m_seed);
    column->addWidget(m_drawing);
    m_go = new QPushButton(this);
    m_go->setProperty("role", "primary");
    m_go->setDefault(true);
    column->addWidget(m_go);

    m_tokens->setValue(start.tokens);
    m_method->choose(start.sampling.greedy ? likeliest : drawn);
    m_temperature->setValue(start.sampling.temperature);
    m_topP->setValue(start.sampling.topP);
    m_topK->setValue(start.sampling.topK);
    m_seed->setText(QString::number(start.sampling.seed));

    connect(m_tokens, &QSpinBox::valueChanged, this, &ContinuePopup::showChoice);
    connect(m_method, &Segments::chosenChanged, this, &ContinuePopup::showChoice);
    connect(m_go, &QPushButton::clicked, this, &ContinuePopup::choose);
    for (auto* field : {m_tokens->findChild<QLineEdit*>(), m_topK->findChild<QLineEdit*>(),
                        m_temperature->findChild<QLineEdit*>(), m_topP->findChild<QLineEdit*>(), m_seed})
        if (field) connect(field, &QLineEdit::returnPressed, m_go, &QPushButton::click);
    showChoice();
}

Generation ContinuePopup::generation() const {
    Generation generation;
    generation.tokens = m_tokens->value();
    Sampling& sampling = generation.sampling;
    sampling.greedy = m_method->chosen() == likeliest;
    sampling.temperature = m_temperature->value();
    sampling.topP = m_topP->value();
    sampling.topK = m_topK->value();
    sampling.seed = m_seed->text().toULongLong();
    return generation;
}

void ContinuePopup::showChoice() {
    m_drawing->setVisible(m_method->chosen() == drawn);
    m_go->setText(m_tokens->value() == 1 ? tr("Continue by 1 token")
                                         : tr("Continue by %1 tokens").arg(countText(m_tokens->value())));
    adjustSize();
}

void ContinuePopup::choose() {
    close();
    emit chosen(generation());
}

void ContinuePopup::openBelow(const QWidget& button) {
    adjustSize();
    QPoint at = button.mapToGlobal(QPoint(button.width() - width(), button.height() + 4));
    if (const auto* screen = button.screen()) at.setX(std::max(at.x(), screen->availableGeometry().left()));
    move(at);
    show();
    m_tokens->setFocus(Qt::PopupFocusReason);
    m_tokens->selectAll();
}

}  // namespace attnviz::ui
