#include "ui/widgets/prompt_bar.h"

#include <QFontMetrics>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QProgressBar>
#include <QPushButton>
#include <QVBoxLayout>
#include <cmath>

#include "ui/theme/appearance.h"
#include "ui/theme/icons.h"
#include "ui/widgets/continue_popup.h"
#include "ui/widgets/number_text.h"
#include "ui/widgets/pane_parts.h"
#include "ui/widgets/prompt_field.h"

namespace attnviz::ui {
PromptBar::PromptBar(QWidget* parent) : QFrame(parent) {
    setObjectName("promptBar");
    setFixedHeight(44);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(8, 0, 8, 0);
    row->setSpacing(8);
    m_model = new QPushButton(this);
    m_model->setObjectName("model");
    m_model->setProperty("role", "tall");
    m_model->setAccessibleName(tr("Model"));
    m_model->setMinimumWidth(150);
    m_model->setMaximumWidth(300);
    row->addWidget(m_model);
    m_text = new PromptField("prompt", tr("Text to run"), this);
    m_pair = new PromptField("pair", tr("Second text"), this);
    m_pair->setPlaceholderText(tr("Second text, if any"));
    m_pair->setToolTip(tr("A second text follows the first, as its own segment; empty: the first alone"));
    m_target = new PromptField("target", tr("Target text of the decoder"), this);
    m_target->setPlaceholderText(tr("Target, else the model writes it"));
    m_target->setToolTip(
        tr("What the decoder is given; empty: it writes its text itself, likeliest token first"));
    row->addWidget(m_text, 3);
    row->addWidget(m_pair, 2);
    row->addWidget(m_target, 2);

    m_progressBox = new QWidget(this);
    auto* box = new QVBoxLayout(m_progressBox);
    box->setContentsMargins(0, 7, 0, 7);
    box->setSpacing(4);
    auto* words = new QHBoxLayout;
    words->setSpacing(8);
    m_what = plainLabel({}, "caption", m_progressBox);
    m_percent = plainLabel({}, "strong", m_progressBox);
    words->addWidget(m_what, 1);
    words->addWidget(m_percent);
    box->addLayout(words);
    m_progress = new QProgressBar(m_progressBox);
    m_progress->setTextVisible(false);
    m_progress->setAccessibleName(tr("Progress"));
    box->addWidget(m_progress);
    m_progressBox->setFixedWidth(230);
    m_progressBox->hide();
    row->addWidget(m_progressBox);

    m_run = new QPushButton(tr("Run"), this);
    m_run->setProperty("role", "primary");
    m_stop = new QPushButton(tr("Stop"), this);
    m_stop->setProperty("role", "tall");
    m_continue = new QPushButton(tr("Continue…"), this);
    m_continue->setObjectName("continue");
    m_continue->setProperty("role", "tall");
    row->addWidget(m_run);
    row->addWidget(m_continue);
    row->addWidget(m_stop);

    for (auto* field : {m_text, m_pair, m_target}) {
        connect(field, &QLineEdit::returnPressed, this, [this] {
            if (m_run->isEnabled()) emit runAsked();
        });
        connect(field, &PromptField::wholeEdited, this, &PromptBar::edited);
    }
    connect(m_text, &PromptField::wholeEdited, this, &PromptBar::textEdited);
    connect(m_run, &QPushButton::clicked, this, &PromptBar::runAsked);
    connect(m_continue, &QPushButton::clicked, this, &PromptBar::openContinue);
    connect(m_stop, &QPushButton::clicked, this, &PromptBar::stopAsked);
    connect(&Appearance::instance(), &Appearance::changed, this, &PromptBar::refreshIcons);
    refreshIcons();
    setModel({}, {});
    setTakes(false, false, false);
    setState(false, false, {});
}

void PromptBar::refreshIcons() {
    m_model->setIcon(icon(Icon::model));
    QIcon run = icon(Icon::run, IconColor::onAccent);
    m_run->setIcon(run);
    m_stop->setIcon(icon(Icon::stop));
}

void PromptBar::setModel(const QString& title, const QString& facts) {
    QString label = title.isEmpty() ? tr("No model") : title;
    if (!facts.isEmpty()) label += "  " + facts;
    const QString shown = QFontMetrics(m_model->font()).elidedText(label, Qt::ElideMiddle, 240);
    m_model->setText(QString(shown).replace('&', "&&"));
    m_model->setToolTip(title.isEmpty() ? tr("Open a model to run a text") : QString());
    m_hasModel = !title.isEmpty();
    showHint();
}

void PromptBar::setHint(const QString& hint) {
    m_hint = hint;
    showHint();
}

void PromptBar::showHint() {
    m_text->setPlaceholderText(!m_hint.isEmpty() ? m_hint
                               : m_hasModel      ? tr("Type a text and press Enter")
                                            : tr("Open a model to run a text, or a session to look at one"));
}

void PromptBar::setModelMenu(QMenu* menu) {
    m_model->setMenu(menu);
}

void PromptBar::setTakes(bool pair, bool target, bool writes) {
    m_pair->setVisible(pair);
    m_target->setVisible(target);
    m_continue->setVisible(writes);
}

void PromptBar::setTexts(const PromptTexts& texts) {
    m_text->setWhole(texts.text);
    m_pair->setWhole(texts.pair);
    m_target->setWhole(texts.target);
}

PromptTexts PromptBar::texts() const {
    return {m_text->whole(), m_pair->whole(), m_target->whole()};
}

void PromptBar::setTokenCount(int tokens) {
    m_text->setNote(tokens < 0 ? QString() : tokenCountText(tokens));
}

bool PromptBar::canContinue() const {
    return !m_continue->isHidden() && m_continue->isEnabled();
}

void PromptBar::openContinue() {
    if (!canContinue()) return;
    auto* popup = new ContinuePopup(m_generation, this);
    popup->setAttribute(Qt::WA_DeleteOnClose);
    connect(popup, &ContinuePopup::chosen, this, [this](const Generation& generation) {
        m_generation = generation;
        emit continueAsked(generation);
    });
    popup->openBelow(*m_continue);
}

void PromptBar::setState(bool canRun, bool running, const QString& whyNot) {
    m_run->setEnabled(canRun);
    m_run->setToolTip(canRun ? tr("Run the text (Enter)") : whyNot);
    m_continue->setEnabled(canRun);
    m_continue->setToolTip(canRun ? tr("Let the model write on (Ctrl+G)") : whyNot);
    m_stop->setEnabled(running);
    m_stop->setToolTip(running ? tr("Stop (Esc)") : tr("Nothing is running"));
    if (!running) setProgress({}, 0);
}

void PromptBar::setProgress(const QString& what, double fraction) {
    m_progressBox->setVisible(!what.isEmpty());
    if (what.isEmpty()) return;
    m_what->setText(QFontMetrics(m_what->font()).elidedText(what, Qt::ElideRight, 184));
    const bool known = fraction >= 0;
    m_percent->setText(known ? QString::number(std::lround(fraction * 100)) + QChar(0x2009) + "%"
                             : QString());
    m_progress->setRange(0, known ? 1000 : 0);
    m_progress->setValue(known ? static_cast<int>(fraction * 1000) : 0);
}

void PromptBar::focusText() {
    m_text->setFocus(Qt::ShortcutFocusReason);
    m_text->selectAll();
}

}  // namespace attnviz::ui
