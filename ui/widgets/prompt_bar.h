// The bar on top: which model, the text with its number of tokens, Run, Continue and Stop, and what is being
// done. Where the open model takes them, a second text and a target text stand beside the text.
// Knows no engine; says what was asked for.
#pragma once

#include <QFrame>

#include "core/model/text_generation.h"

class QLabel;
class QMenu;
class QProgressBar;
class QPushButton;

namespace attnviz::ui {

class PromptField;

// What is given to a model; empty: none.
struct PromptTexts {
    QString text, pair, target;
    bool operator==(const PromptTexts&) const = default;
};

class PromptBar final : public QFrame {
    Q_OBJECT
 public:
    explicit PromptBar(QWidget* parent = nullptr);

    void setModel(const QString& title, const QString& facts);  // empty: none
    void setModelMenu(QMenu* menu);
    // What the open model takes beside the text, and whether it can write on.
    void setTakes(bool pair, bool target, bool writes);
    void setTexts(const PromptTexts& texts);  // without a signal
    PromptTexts texts() const;
    QString text() const { return texts().text; }
    void setHint(const QString& hint);  // in the empty text field, instead of the usual; empty: the usual
    void setTokenCount(int tokens);     // below 0: not known
    // `canRun`: a model is there. Run stays enabled while running: a newer text wins.
    void setState(bool canRun, bool running, const QString& whyNot);
    void setProgress(const QString& what, double fraction);  // empty: nothing is being done
    void focusText();
    bool canContinue() const;
    void openContinue();  // the choices of how to write on, below their button
    void setGeneration(const Generation& generation) { m_generation = generation; }  // what they begin with

 signals:
    void runAsked();
    void continueAsked(const attnviz::Generation& generation);
    void stopAsked();
    void textEdited(const QString& text);
    void edited();  // any of the texts

 private:
    void refreshIcons();
    void showHint();
    QPushButton *m_model, *m_run, *m_continue, *m_stop;
    PromptField *m_text, *m_pair, *m_target;
    QLabel *m_what, *m_percent;
    QProgressBar* m_progress;
    QWidget* m_progressBox;
    QString m_hint;
    Generation m_generation;
    bool m_hasModel = false;
};

}  // namespace attnviz::ui
