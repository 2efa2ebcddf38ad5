// One text of the prompt: shown in one line, kept whole. Line breaks are shown as spaces; a very long text is
// shown in part, and then only replaced.
#pragma once

#include <QLineEdit>

class QLabel;

namespace attnviz::ui {

class PromptField final : public QLineEdit {
    Q_OBJECT
 public:
    PromptField(const char* objectName, const QString& accessible, QWidget* parent = nullptr);

    void setWhole(const QString& text);  // without a signal
    const QString& whole() const { return m_whole; }
    void setNote(const QString& note);  // at the right end: "9 tokens"

 signals:
    void wholeEdited(const QString& text);

 protected:
    void resizeEvent(QResizeEvent* event) override;

 private:
    void placeNote();
    QLabel* m_note;
    QString m_whole;
};

}  // namespace attnviz::ui
