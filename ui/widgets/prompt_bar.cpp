#include "ui/widgets/prompt_bar.h"

#include <QEvent>
#include <QFontMetrics>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QProgressBar>
#include <QPushButton>
#include <QVBoxLayout>
#include <cmath>

#include "ui/theme/appearance.h"
#include "ui/theme/icons.h"
#include "ui/widgets/number_text.h"
#include "ui/widgets/pane_parts.h"

namespace attnviz::ui {
namespace {

// A line edit shapes its whole text at once: more than this would be felt.
constexpr qsizetype kLongestEdited = 20'000;

}  // namespace

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
    m_text = new QLineEdit(this);
    m_text->setObjectName("prompt");
    m_text->setAccessibleName(tr("Text to run"));
    m_text->setMaxLength(4'000'000);
    row->addWidget(m_text, 1);
    m_count = plainLabel({}, "secondary", m_text);
    m_count->setAttribute(Qt::WA_TransparentForMouseEvents);

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
    row->addWidget(m_run);
    row->addWidget(m_stop);

    connect(m_text, &QLineEdit::returnPressed, this, [this] {
        if (m_run->isEnabled()) emit runAsked(text());
    });
    connect(m_run, &QPushButton::clicked, this, [this] { emit runAsked(text()); });
    connect(m_stop, &QPushButton::clicked, this, &PromptBar::stopAsked);
    connect(m_text, &QLineEdit::textEdited, this, [this](const QString& edited) {
        m_whole = edited;
        m_text->setReadOnly(false);
        setTokenCount(-1);
        emit textEdited(edited);
    });
    connect(m_text, &QLineEdit::textChanged, this, [this](const QString& shown) {
        if (!shown.isEmpty() || !m_text->isReadOnly()) return;
        m_text->setReadOnly(false);  // cleared by its button
        m_whole.clear();
        setTokenCount(-1);
    });
    m_text->installEventFilter(this);  // its width changes without the bar's
    connect(&Appearance::instance(), &Appearance::changed, this, &PromptBar::refreshIcons);
    refreshIcons();
    setModel({}, {});
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
    m_text->setPlaceholderText(title.isEmpty() ? tr("Open a model to run a text, or a session to look at one")
                                               : tr("Type a text and press Enter"));
}

void PromptBar::setModelMenu(QMenu* menu) {
    m_model->setMenu(menu);
}

void PromptBar::setText(const QString& text) {
    m_whole = text;
    const bool tooLong = text.size() > kLongestEdited;
    QString line = tooLong ? text.left(kLongestEdited) + QChar(0x2026) : text;
    m_text->setReadOnly(false);
    m_text->setText(line.replace('\n', ' '));
    m_text->setReadOnly(tooLong);
    m_text->setClearButtonEnabled(tooLong);
    m_text->setCursorPosition(0);
    setTokenCount(-1);
}

QString PromptBar::text() const {
    return m_whole;
}

void PromptBar::setTokenCount(int tokens) {
    m_count->setText(tokens < 0    ? QString()
                     : tokens == 1 ? tr("1 token")
                                   : tr("%1 tokens").arg(countText(tokens)));
    m_count->adjustSize();
    m_text->setTextMargins(0, 0, tokens < 0 ? 0 : m_count->width() + 12, 0);
    placeCount();
}

void PromptBar::placeCount() {
    m_count->move(m_text->width() - m_count->width() - 10, (m_text->height() - m_count->height()) / 2);
}

bool PromptBar::eventFilter(QObject* watched, QEvent* event) {
    if (watched == m_text && event->type() == QEvent::Resize) placeCount();
    return QFrame::eventFilter(watched, event);
}

void PromptBar::setState(bool canRun, bool running, const QString& whyNot) {
    m_run->setEnabled(canRun);
    m_run->setToolTip(canRun ? tr("Run the text (Enter)") : whyNot);
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
