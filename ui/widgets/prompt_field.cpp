#include "ui/widgets/prompt_field.h"

#include <QLabel>
#include <QSignalBlocker>

#include "ui/widgets/pane_parts.h"

namespace attnviz::ui {
namespace {

// A line edit shapes its whole text at once: more than this would be felt.
constexpr qsizetype kLongestEdited = 20'000;
constexpr int kClearButton = 26;  // what Qt's clear button takes at the right end

}  // namespace

PromptField::PromptField(const char* objectName, const QString& accessible, QWidget* parent)
    : QLineEdit(parent) {
    setObjectName(objectName);
    setAccessibleName(accessible);
    setMaxLength(4'000'000);
    m_note = plainLabel({}, "secondary", this);
    m_note->setAttribute(Qt::WA_TransparentForMouseEvents);
    connect(this, &QLineEdit::textEdited, this, [this](const QString& edited) {
        m_whole = edited;
        setReadOnly(false);
        setNote({});
        emit wholeEdited(edited);
    });
    connect(this, &QLineEdit::textChanged, this, [this](const QString& shown) {
        if (!shown.isEmpty() || !isReadOnly()) return;
        setReadOnly(false);  // cleared by its button
        m_whole.clear();
        setNote({});
        emit wholeEdited({});
    });
}

void PromptField::setWhole(const QString& text) {
    const QSignalBlocker quiet(this);
    m_whole = text;
    const bool tooLong = text.size() > kLongestEdited;
    QString line = tooLong ? text.left(kLongestEdited) + QChar(0x2026) : text;
    setReadOnly(false);
    setText(line.replace('\n', ' '));
    setReadOnly(tooLong);
    setClearButtonEnabled(tooLong);
    setCursorPosition(0);
    setNote({});
}

void PromptField::setNote(const QString& note) {
    m_note->setText(note);
    m_note->adjustSize();
    setTextMargins(0, 0, note.isEmpty() ? 0 : m_note->width() + 12, 0);
    placeNote();
}

void PromptField::placeNote() {
    const int end = width() - (isClearButtonEnabled() ? kClearButton : 10);
    m_note->move(end - m_note->width(), (height() - m_note->height()) / 2);
}

void PromptField::resizeEvent(QResizeEvent* event) {
    QLineEdit::resizeEvent(event);
    placeNote();
}

}  // namespace attnviz::ui
