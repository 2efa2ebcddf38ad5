// What stands in the middle when nothing is open: the sample as the default action, ways to open something, a
// place to drop it, and what was open lately.
#pragma once

#include <QWidget>

class QFrame;
class QLabel;
class QPushButton;
class QVBoxLayout;

namespace attnviz::ui {

class WelcomePage final : public QWidget {
    Q_OBJECT
 public:
    explicit WelcomePage(QWidget* parent = nullptr);
    void setRecent(const QStringList& paths);
    void setBusy(const QString& what);  // empty: nothing is being done
    QPushButton* defaultButton() const { return m_sample; }

 signals:
    void sampleAsked();
    void openModelAsked();
    void openFileAsked();
    void openTextAsked();
    void recentChosen(const QString& path);
    void clearRecentAsked();

 protected:
    void keyPressEvent(QKeyEvent* event) override;

 private:
    QFrame* sampleCard();
    QFrame* startCard();
    QFrame* dropZone();

    QPushButton *m_sample, *m_clear;
    QFrame* m_recent;
    QVBoxLayout* m_recentRows;
    QLabel* m_busy;
};

}  // namespace attnviz::ui
