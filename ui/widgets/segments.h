// A row of choices of which one holds ("Linear | Log"). Keyboard: Tab to it, arrows to change.
#pragma once

#include <QWidget>
#include <vector>

class QButtonGroup;
class QPushButton;

namespace attnviz::ui {

class Segments final : public QWidget {
    Q_OBJECT
 public:
    Segments(const QString& name, const QStringList& choices, QWidget* parent = nullptr);
    int chosen() const;
    void choose(int index);  // without a signal
    QPushButton* button(int index) const;

 signals:
    void chosenChanged(int index);

 protected:
    void resizeEvent(QResizeEvent* event) override;

 private:
    void leadTab();
    QButtonGroup* m_group;
};

}  // namespace attnviz::ui
