// The bar on top: which model, the text with its number of tokens, Run and Stop, and what is being done.
// Knows no engine; says what was asked for.
#pragma once

#include <QFrame>

class QLabel;
class QLineEdit;
class QMenu;
class QProgressBar;
class QPushButton;

namespace attnviz::ui {

class PromptBar final : public QFrame {
    Q_OBJECT
 public:
    explicit PromptBar(QWidget* parent = nullptr);

    void setModel(const QString& title, const QString& facts);  // empty: none
    void setModelMenu(QMenu* menu);
    // Line breaks are shown as spaces but kept; a very long text is shown in part, and then only replaced.
    void setText(const QString& text);
    QString text() const;
    void setTokenCount(int tokens);  // below 0: not known
    // `canRun`: a model is there. Run stays enabled while running: a newer text wins.
    void setState(bool canRun, bool running, const QString& whyNot);
    void setProgress(const QString& what, double fraction);  // empty: nothing is being done
    void focusText();

 signals:
    void runAsked(const QString& text);
    void stopAsked();
    void textEdited(const QString& text);

 protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

 private:
    void placeCount();
    void refreshIcons();
    QPushButton *m_model, *m_run, *m_stop;
    QLineEdit* m_text;
    QLabel *m_count, *m_what, *m_percent;
    QProgressBar* m_progress;
    QWidget* m_progressBox;
    QString m_whole;  // the text as it was given; the field shows one line of it, cut where it is very long
};

}  // namespace attnviz::ui
