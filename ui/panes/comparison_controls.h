// The controls of the Comparison pane: which two documents, what of them is shown, and how far the maps are
// zoomed. What is shown remembers itself.
#pragma once

#include <QWidget>

#include "ui/state/workspace.h"

class QBoxLayout;
class QComboBox;
class QLabel;
class QToolButton;

namespace attnviz::ui {

class Segments;

enum class ComparisonView { maps, difference, allThree, changes, similarity };

// A follows the current document until another is chosen, B is the first other one likewise; one that was
// closed is no choice any more.
struct ComparedChoice {
    const Document* left = nullptr;   // perhaps empty
    const Document* right = nullptr;  // null where there is no other
};

class ComparisonControls final : public QObject {
    Q_OBJECT
 public:
    // Fills the row.
    ComparisonControls(QBoxLayout& row, QWidget* parent);

    ComparedChoice choice(const Workspace& workspace) const;
    void showDocuments(const Workspace& workspace, const ComparedChoice& choice);
    ComparisonView view() const;
    bool showsMaps() const { return view() <= ComparisonView::allThree; }
    void showZoom(double zoomed);  // 1: all is seen
    void setWidth(int width);      // zoom buttons go where it is narrow

 signals:
    void documentsChosen();
    void viewChosen();
    void zoomAsked(double factor);
    void fitAsked();

 private:
    void makeDocuments(QBoxLayout& row);
    void makeZoom(QBoxLayout& row);
    void swap();
    void arrange();
    QWidget* parentWidget() const { return static_cast<QWidget*>(parent()); }

    QComboBox *m_a, *m_b;
    QToolButton* m_swap;
    Segments* m_view;
    QList<QToolButton*> m_zoomButtons;
    QLabel* m_zoom;
    int m_width = 0;
    int m_chosenA = 0, m_chosenB = 0;  // documents; 0: the current one, the first other one
    int m_leftId = 0, m_rightId = 0;   // that are shown
};

}  // namespace attnviz::ui
