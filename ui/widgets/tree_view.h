// The tree of average linkage: heads below, merges at the height of their distance. Branches whose heads are
// all of one cluster have its colour; where a cut of the tree makes the clusters, it is drawn as a line.
//
// Click a head for it alone, a branch for all heads under it. Left and right go through the heads in the
// tree's order, Enter chooses.
#pragma once

#include <QWidget>
#include <optional>
#include <vector>

#include "core/analysis/clusters.h"

namespace attnviz::ui {

class TreeView final : public QWidget {
    Q_OBJECT
 public:
    explicit TreeView(QWidget* parent = nullptr);
    // `clusterOf` by head; heads are those of `heads`, in its order. `cut`: the tree makes the clusters.
    void setTree(std::vector<TreeMerge> tree, std::vector<HeadId> heads, std::vector<int> clusterOf,
                 bool cut);
    void setChosen(std::vector<HeadId> heads, HeadId shown);
    void setHovered(std::optional<HeadId> head);

    std::optional<HeadId> headAt(const QPointF& position) const;
    std::optional<QPointF> positionOf(HeadId head) const;
    // Heads under the merge whose bar is at the position; empty where there is none.
    std::vector<HeadId> branchAt(const QPointF& position) const;
    QPointF mergePosition(int merge) const;

 signals:
    void headClicked(attnviz::HeadId head, Qt::KeyboardModifiers modifiers);
    void headHovered(std::optional<attnviz::HeadId> head);
    void branchClicked(const std::vector<attnviz::HeadId>& heads, Qt::KeyboardModifiers modifiers);

 protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

 private:
    struct Node {
        double place = 0, height = 0;  // among the leaves, 0 to heads - 1; distance
        int cluster = -1;              // of all heads under it; -1: of several
        int left = -1, right = -1;     // nodes; -1 for a head
    };
    QRectF plotArea() const;
    bool labelled() const;
    QPointF at(const Node& node) const;
    int nodeAt(const QPointF& position) const;  // of a merge; -1: none
    std::vector<HeadId> headsUnder(int node) const;
    int leafOf(HeadId head) const;
    void hover(std::optional<HeadId> head, int node);

    std::vector<Node> m_nodes;
    std::vector<HeadId> m_heads;
    std::vector<int> m_order;  // heads from left to right
    double m_top = 1, m_cut = -1;
    std::vector<HeadId> m_chosen;
    HeadId m_shown;
    std::optional<HeadId> m_hovered;
    int m_hoveredNode = -1;
    bool m_keyboardFocus = false;
};

}  // namespace attnviz::ui
