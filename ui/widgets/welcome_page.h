// What stands in the middle when nothing is open: the sample as the default action, ways to open something, a
// place to drop it, what was open lately, and the models that are on this computer.
#pragma once

#include <QWidget>
#include <vector>

class QFrame;
class QLabel;
class QLineEdit;
class QPushButton;
class QVBoxLayout;

namespace attnviz::ui {

// A model that can be opened without the network.
struct WelcomeModel {
    QString name, facts, size;
    QString target;  // what openModel takes
};

class WelcomePage final : public QWidget {
    Q_OBJECT
 public:
    explicit WelcomePage(QWidget* parent = nullptr);
    void setRecent(const QStringList& paths);
    void setModels(std::vector<WelcomeModel> models);
    void setBusy(const QString& what);  // empty: nothing is being done
    QPushButton* defaultButton() const { return m_sample; }

 signals:
    void sampleAsked();
    void openModelAsked();
    void openFileAsked();
    void openTextAsked();
    void recentChosen(const QString& path);
    void modelChosen(const QString& target);
    void clearRecentAsked();

 protected:
    void keyPressEvent(QKeyEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

 private:
    QWidget* modelsPart();
    void showModels();
    QFrame* sampleCard();
    QFrame* startCard();
    QFrame* dropZone();

    QPushButton *m_sample, *m_clear;
    QFrame* m_recent;
    QVBoxLayout* m_recentRows;
    QLabel* m_busy;
    QWidget* m_modelsPart;
    QLineEdit* m_filter;
    QVBoxLayout* m_modelRows;
    std::vector<WelcomeModel> m_models;
};

}  // namespace attnviz::ui
