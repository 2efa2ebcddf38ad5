// A list of choices under headings: icon, what, facts below it, size on the right; plain text all of it.
//
// Arrow keys step over headings and sentences; Enter and a double click choose.
#pragma once

#include <QListView>

namespace attnviz::ui {

class ModelChoices;

class ChoiceList final : public QListView {
    Q_OBJECT
 public:
    explicit ChoiceList(ModelChoices* choices, QWidget* parent = nullptr);
    void step(int steps);  // down, or up where below 0
    void stepPage(bool down);

 signals:
    void chosen();

 protected:
    void keyPressEvent(QKeyEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

 private:
    ModelChoices* m_choices;
};

}  // namespace attnviz::ui
